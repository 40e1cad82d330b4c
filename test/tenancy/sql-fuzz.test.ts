import 'reflect-metadata';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyse } from '../../src/tenancy/sql-analysis.js';
import { TenantContext } from '../../src/tenancy/tenant-context.js';
import { extent } from '../harness/extent.js';
import { onPostgres } from '../harness/postgres/postgres-databases.js';
import { makeDatabase } from '../harness/tenant-database.js';
import { TABLES } from '../harness/tenant-rows.js';
import { TenantWorld, openTenants } from '../harness/tenants.js';
import { Attempt } from './attempt.js';
import { SETTINGS } from './settings.js';
import { POSTGRES, SQLITE, anything, changesIn, fragment, selectionsIn, written } from './sql-generators.js';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`SQL at random: SEED=${seed}`);
const RUNS = 10_000;
/** The rows are put back after each that changes some. */
const CHANGES = extent('RANDOM_CHANGES', { sqlite: 1_000, postgres: 200 });
const DIALECT = onPostgres ? POSTGRES : SQLITE;
const tables: ReadonlySet<string> = new Set(Object.keys(TABLES));

let template: string;
beforeAll(async () => {
  template = await makeDatabase('seeded');
});

describe('SQL at random', () => {
  it('works with no tenant table that the reader does not see, as SQLite compiles it', async () => {
    const database = new Database(await makeDatabase('seeded', 'sqlite'), { readonly: true });
    // What follows by itself from a reference stays in the vault, since every reference holds it.
    database.pragma('foreign_keys = OFF');
    const roots = new Map<number, string>(
      database.prepare('SELECT rootpage, tbl_name FROM sqlite_schema WHERE rootpage > 0').raw().all() as [
        number,
        string,
      ][],
    );
    let compiled = 0;
    let judged = 0;
    const property = fc.property(fc.oneof({ weight: 4, arbitrary: written }, anything), (sql) => {
      const opened = tablesOpenedBy(database, roots, sql);
      if (!opened) return;
      compiled++;
      let uses: string[];
      try {
        uses = analyse(sql, tables).map(({ table }) => table);
      } catch {
        return;
      }
      judged++;
      expect(uses).toEqual(expect.arrayContaining(opened.filter((table) => tables.has(table))));
    });
    fc.assert(property, { seed, numRuns: RUNS });
    database.close();
    console.log(`SQLite takes ${compiled} of ${RUNS} texts, of which ${judged} can be read`);
    expect(judged).toBeGreaterThan(RUNS / 100);
  });

  describe.each(SETTINGS)('between $name', (setting) => {
    let world: TenantWorld;
    let attempt: Attempt;
    const counts = { ran: 0, refused: 0, found: 0, changed: 0 };
    beforeAll(async () => {
      world = await TenantWorld.open(template, openTenants);
      attempt = new Attempt(world.dataSource, setting);
    });
    afterAll(async () => {
      console.log(
        `${setting.name}: ${counts.ran} ran, ${counts.found} found something, ${counts.changed} changed something, ${counts.refused} refused`,
      );
      await world.close();
    });

    /** Runs SQL in which `:vault` and `:user` stand for the values that the builders bind. */
    function runWithScope(sql: string): Promise<unknown> {
      const [vault, user = setting.own.userId] = attempt.facts
        .createQueryBuilder('f')
        .getQueryAndParameters()[1] as unknown[];
      const values: unknown[] = [];
      const text = sql.replaceAll(
        /:(vault|user)/g,
        (_, kind) => (
          values.push(kind === 'vault' ? vault : user),
          attempt.onPostgres ? `$${values.length}` : '?'
        ),
      );
      return attempt.manager.query(text, values);
    }

    async function tells(work: () => Promise<unknown>): Promise<void> {
      let answer: string;
      try {
        answer = JSON.stringify(await TenantContext.run(setting.scope, work));
      } catch {
        counts.refused++;
        return;
      }
      counts.ran++;
      const canaries = answer.match(/canary\.\w+\.[\w-]+\./g) ?? [];
      if (canaries.length > 0) counts.found++;
      expect(canaries.filter((text) => !setting.readsCanary(text))).toEqual([]);
    }

    it('conditions in any place, with the scope’s own values, never show another’s row', async () => {
      const property = fc.asyncProperty(selectionsIn(DIALECT), (sql) => tells(() => runWithScope(sql)));
      await fc.assert(property, { seed, numRuns: 1_500 });
      expect(counts.found).toBeGreaterThan(0);
    });

    it('conditions in any place never let another’s row be changed', async () => {
      const property = fc.asyncProperty(changesIn(DIALECT), async (sql) => {
        await tells(() => runWithScope(sql));
        const changed = world.changes(setting.writes);
        expect(changed.foreign).toBe(false);
        if (changed.own) {
          counts.changed++;
          await world.restore();
        }
      });
      await fc.assert(property, { seed, numRuns: CHANGES });
      expect(counts.changed).toBeGreaterThan(0);
    });

    it('builders with anything in their conditions never show another’s row', async () => {
      const property = fc.asyncProperty(fragment, fragment, fragment, (where, other, on) =>
        tells(() =>
          attempt
            .query()
            .select(['m.content AS content', 'f.object AS object'])
            .leftJoin('facts', 'f', on)
            .where(where)
            .orWhere(other)
            .getRawMany(),
        ),
      );
      await fc.assert(property, { seed, numRuns: 1_000 });
    });
  });
});

/** The tables whose rows a statement would touch, as SQLite compiles it; undefined when it does not compile. */
function tablesOpenedBy(
  database: Database.Database,
  roots: Map<number, string>,
  sql: string,
): string[] | undefined {
  let statement: Database.Statement;
  try {
    statement = database.prepare(`EXPLAIN ${sql}`);
  } catch {
    return undefined;
  }
  for (let parameters = 0; parameters < 15; parameters++) {
    try {
      const program = statement.all(Array.from({ length: parameters }, () => null)) as {
        opcode: string;
        p2: number;
        p3: number;
      }[];
      const opened = program.filter(
        ({ opcode, p3 }) => /^(OpenRead|OpenWrite|ReopenIdx|Clear|Destroy)$/.test(opcode) && p3 === 0,
      );
      return [...new Set(opened.map(({ p2 }) => roots.get(p2)).filter((name) => name !== undefined))];
    } catch (error) {
      if (!(error instanceof RangeError)) return undefined;
    }
  }
  return undefined;
}
