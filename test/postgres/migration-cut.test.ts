import 'reflect-metadata';
import pg, { type Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { migratePostgres } from '../../src/upgrade/postgres/migrate-postgres.js';
import { recordFigure } from '../harness/figures.js';
import { type MigrationPlace, makePlace } from '../harness/postgres/migration-place.js';
import { canDump, dumpOf, recordsOf } from '../harness/postgres/schema-state.js';
import { TEST_DATABASE_URL, asSuperuser, connectTo, urlOf } from '../harness/postgres/scratch-server.js';

/** Databases in which migrations are cut side by side. */
const AT_ONCE = 3;
/** How many runs are cut, each before its own statement, until one is let through. */
const CUT_TOGETHER = Number(process.env.MIGRATION_CUTS_TOGETHER ?? 5);

type Before = (statement: number, backend: number) => Promise<void>;

/** What is called before each statement of the migrator's, by its database; statements of others are left alone. */
const watched = new Map<string, { statements: number; before: Before }>();

/** Has every connection of the driver that speaks to a watched database count its statements. */
function watchStatements(): void {
  const prototype = pg.Client.prototype as unknown as { query: (...given: unknown[]) => unknown };
  const query = prototype.query;
  vi.spyOn(prototype, 'query').mockImplementation(function (this: Client, ...given: unknown[]) {
    const { database, user } = this;
    const watch = user?.endsWith('_mig') ? watched.get(database ?? '') : undefined;
    if (!watch) return query.apply(this, given);
    const backend = (this as unknown as { processID: number }).processID;
    return watch.before((watch.statements += 1), backend).then(() => query.apply(this, given));
  });
}

/** @returns how many statements there were */
async function migrate({ database, config }: MigrationPlace, before: Before): Promise<number> {
  const watch = { statements: 0, before };
  watched.set(database, watch);
  try {
    await migratePostgres({ database: config });
  } finally {
    watched.delete(database);
  }
  return watch.statements;
}

describe.skipIf(!TEST_DATABASE_URL || !canDump)('a migration whose connection is cut', () => {
  let places: MigrationPlace[];
  let killer: Client;
  beforeAll(async () => {
    places = await Promise.all(Array.from({ length: AT_ONCE }, () => makePlace('without schema')));
    killer = await connectTo(new URL(TEST_DATABASE_URL).pathname.slice(1));
    watchStatements();
  });
  afterAll(async () => {
    vi.restoreAllMocks();
    await killer?.end();
    for (const place of places ?? []) await place.drop();
  });

  const stateOf = async ({ database, roles }: MigrationPlace) => {
    let dump = await dumpOf(database, urlOf(database));
    // Each place has roles of its own.
    for (const [kind, role] of Object.entries(roles)) dump = dump.replaceAll(role, kind);
    return { dump: dump.replaceAll(database, 'the database'), records: await recordsOf(database) };
  };
  const clear = ({ database }: MigrationPlace) =>
    asSuperuser((client) => client.query('DROP SCHEMA IF EXISTS cairn CASCADE'), database);
  const terminate = (backend: number) => killer.query('SELECT pg_terminate_backend($1, 10000)', [backend]);

  it('before any statement, converges when it is run again', async () => {
    const statements = await migrate(places[0], () => Promise.resolve());
    const whole = await stateOf(places[0]);
    expect(statements).toBeGreaterThan(50);
    expect(whole.dump).toContain('CREATE POLICY');
    await clear(places[0]);

    const numbers = Array.from({ length: statements }, (_, i) => i + 1);
    const take = () => numbers.splice(0, CUT_TOGETHER);
    let converged = 0;
    await Promise.all(
      places.map(async (place) => {
        for (let some = take(); some.length > 0; some = take()) {
          for (const n of some) {
            const cut: Before = async (statement, backend) => {
              if (statement === n) await terminate(backend);
            };
            await expect(migrate(place, cut), `statement ${n}`).rejects.toThrow();
            // The last of them commits.
            expect(await hasSchema(place.database), `statement ${n}`).toBe(false);
          }
          await migrate(place, () => Promise.resolve());
          expect(await stateOf(place), `statements ${some.join(', ')}`).toEqual(whole);
          converged += some.length;
          await clear(place);
        }
      }),
    );
    console.log(`Cut before each of ${statements} statements`);
    recordFigure('migration-cut.statements', statements);
    recordFigure('migration-cut.converged', converged);
    expect(converged).toBe(statements);
  }, 600_000);
});

async function hasSchema(database: string): Promise<boolean> {
  return asSuperuser(async (client) => {
    const { rows } = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = 'cairn'");
    return rows.length > 0;
  }, database);
}
