import pg, { type Pool } from 'pg';
import { expect } from 'vitest';
import { BusyError } from '../../src/database/busy.error.js';
import { Fact } from '../../src/facts/fact.entity.js';
import { Tenancy } from '../../src/tenancy/tenancy.js';
import { TenantDataSource } from '../../src/tenancy/tenant-data-source.js';
import { tenantOptions } from '../harness/tenants.js';
import { type Check, type House, Signal, inVault, newFact, watched } from '../tenancy/checks/check.js';

const failure = new Error('this unit of work fails');
const fail = () => Promise.reject(failure);

/** The pool that a data source keeps to itself. */
async function poolOf(house: House): Promise<Pool> {
  const prototype = pg.Pool.prototype as unknown as { connect: (...given: unknown[]) => unknown };
  const { connect } = prototype;
  let pool: Pool | undefined;
  prototype.connect = function (this: Pool, ...given) {
    // eslint-disable-next-line @typescript-eslint/no-this-alias -- it is what is looked for
    pool = this;
    return connect.apply(this, given);
  };
  try {
    await house.dataSource.ping();
  } finally {
    prototype.connect = connect;
  }
  return pool!;
}

/** No connection of the pool knows a vault or is in a transaction. */
export async function expectClean(house: House): Promise<void> {
  const pool = await poolOf(house);
  const clients = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()));
  expect(clients.length).toBeGreaterThan(0);
  try {
    for (const client of clients) {
      const { rows } = await client.query<{ vault: string | null }>(
        "SELECT nullif(current_setting('app.vault_id', true), '') AS vault",
      );
      expect([rows[0].vault, client.getTransactionStatus()]).toEqual([null, 'I']);
    }
  } finally {
    for (const client of clients) client.release(true);
  }
}

/** Ends connections of the service. @param which as SQL, of pg_stat_activity */
export function terminate(house: House, which: string): number {
  return house.committed.all(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND usename = 'cairn_app' AND ${which}`,
  ).length;
}

/** How many connections of the service are as `which` says. */
function countOf(house: House, which: string): number {
  return house.committed.all(
    `SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND usename = 'cairn_app' AND ${which}`,
  ).length;
}

/** Waits until the server says so. */
async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; !holds(); round++) {
    if (round === 3_000) throw new Error('The server never said so');
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const IN_UNIT = "state LIKE 'idle in transaction%'";
const ONE = { DATABASE_POOL_SIZE: '1' };

/** Units of work on PostgreSQL: its connections, its errors, and its turns. */
export const postgresChecks: readonly Check[] = [
  {
    name: 'one connection is enough for units in units, and for ten finds at once inside and outside',
    env: ONE,
    run: (house) =>
      inVault('A', async () => {
        await house.tenancy.transaction(async () => {
          await house.add('a');
          await house.tenancy.transaction(() => house.tenancy.transaction(() => house.add('b')));
          const found = await Promise.all(Array.from({ length: 10 }, () => house.ids()));
          expect(found).toEqual(found.map(() => ['a', 'b']));
        });
        const found = await Promise.all(Array.from({ length: 10 }, () => house.ids()));
        expect(found).toEqual(found.map(() => ['a', 'b']));
        await expectClean(house);
      }),
  },
  {
    name: 'an error in a nested unit leaves the outer one as it was',
    env: ONE,
    run: (house) =>
      inVault('A', async () => {
        await house.add('there');
        await house.tenancy.transaction(async () => {
          await house.add('a');
          const nested = house.tenancy.transaction(async () => {
            await house.add('b');
            await house.add('there');
          });
          await expect(nested).rejects.toThrow('duplicate key');
          await house.add('c');
        });
        expect(house.stored()).toEqual(['A/a', 'A/c', 'A/there']);
        await expectClean(house);
      }),
  },
  {
    name: 'an error that a unit gets over is one it cannot commit after',
    env: ONE,
    run: (house) =>
      inVault('A', async () => {
        await house.add('there');
        const unit = house.tenancy.transaction(async () => {
          await house.add('a');
          await house.add('there').catch(() => {});
          await expect(house.ids()).rejects.toThrow('current transaction is aborted');
        });
        await expect(unit).rejects.toThrow('after a statement of it had failed');
        expect(house.stored()).toEqual(['A/there']);
        await expectClean(house);
      }),
  },
  {
    name: 'a reading unit cannot write, by whatever SQL',
    run: (house) =>
      inVault('A', async () => {
        await house.add('a');
        await expect(house.tenancy.snapshot(() => house.add('b'))).rejects.toThrow('cannot write');
        const locking = () =>
          house.facts.createQueryBuilder('f').setLock('pessimistic_write').useTransaction(false).getMany();
        await expect(house.tenancy.snapshot(locking)).rejects.toThrow();
        expect(house.stored()).toEqual(['A/a']);
        await expectClean(house);
      }),
  },
  {
    name: 'a connection that is lost in a unit is busyness, and the next unit has another',
    env: ONE,
    run: (house) =>
      inVault('A', async () => {
        const unit = house.tenancy.transaction(async () => {
          await house.add('a');
          expect(terminate(house, IN_UNIT)).toBe(1);
          await until(() => countOf(house, IN_UNIT) === 0);
          await house.add('b');
        });
        await expect(unit).rejects.toThrow(BusyError);
        await house.tenancy.transaction(() => house.add('c'));
        expect(house.stored()).toEqual(['A/c']);
        await expectClean(house);
      }),
  },
  {
    name: 'a connection that is lost before its first statement, or before its commit, is busyness',
    env: ONE,
    run: (house) =>
      inVault('A', async () => {
        await house.ids();
        const begun = house.tenancy.transaction(async () => {
          await until(() => countOf(house, IN_UNIT) === 1);
          terminate(house, IN_UNIT);
          await until(() => countOf(house, IN_UNIT) === 0);
        });
        await expect(begun).rejects.toThrow(BusyError);
        const unused = house.tenancy.snapshot(async () => {
          await until(() => countOf(house, IN_UNIT) === 1);
          terminate(house, IN_UNIT);
          await until(() => countOf(house, IN_UNIT) === 0);
          return house.ids();
        });
        await expect(unused).rejects.toThrow(BusyError);
        expect(await house.ids()).toEqual([]);
        await expectClean(house);
      }),
  },
  {
    name: 'connections that are lost while they are idle are replaced',
    run: (house) =>
      inVault('A', async () => {
        await Promise.all(Array.from({ length: 5 }, () => house.ids()));
        expect(terminate(house, 'true')).toBeGreaterThan(0);
        await until(() => countOf(house, 'true') === 0);
        // At most the first of each connection hears of it.
        for (let i = 0; i < 10; i++)
          await house.ids().catch((error) => expect(error).toBeInstanceOf(BusyError));
        await house.add('a');
        expect(house.stored()).toEqual(['A/a']);
      }),
  },
  {
    name: 'the vault is forgotten after a commit, a rollback, an error and a statement that takes too long',
    env: { ...ONE, DATABASE_STATEMENT_TIMEOUT_MS: '300' },
    run: async (house) => {
      await inVault('A', async () => {
        await house.tenancy.transaction(() => house.add('a'));
        await expectClean(house);
        await house.tenancy.transaction(fail).catch(() => {});
        await expectClean(house);
        await expect(house.add('a')).rejects.toThrow('duplicate key');
        await expectClean(house);
        await expect(house.tenancy.transaction(() => house.add('a'))).rejects.toThrow('duplicate key');
        await expectClean(house);
        house.committed.hold('facts');
        await expect(house.ids()).rejects.toThrow(BusyError);
        await expect(house.tenancy.transaction(() => house.add('b'))).rejects.toThrow(BusyError);
        house.committed.letGo();
        await expectClean(house);
        await expect(house.dataSource.query('SELECT 1 FROM nowhere')).rejects.toThrow();
        await expectClean(house);
      });
      expect(await inVault('B', () => house.ids())).toEqual([]);
      expect(await inVault('A', () => house.ids())).toEqual(['a']);
    },
  },
  {
    name: 'who waits too long for a connection is told that the service is busy',
    env: { ...ONE, DATABASE_ACQUIRE_TIMEOUT_MS: '100' },
    run: (house) =>
      inVault('A', async () => {
        await house.tenancy.transaction(async () => {
          await house.add('a');
          await expect(inVault('B', () => house.ids())).rejects.toThrow(BusyError);
          await expect(inVault('B', () => house.tenancy.transaction(() => house.add('b')))).rejects.toThrow(
            BusyError,
          );
          await house.add('c');
        });
        expect(house.stored()).toEqual(['A/a', 'A/c']);
      }),
  },
  {
    name: 'the writers of a vault take turns, whichever process they are in, and those of another do not wait',
    run: async (house) => {
      // Another process has connections of its own, and knows of this one by the server alone.
      const other = await new TenantDataSource(tenantOptions(house.path)).initialize();
      const both = [house, { tenancy: new Tenancy(other), facts: other.getRepository(Fact) }];
      const [wrote, done] = [new Signal(), new Signal()];
      const holding = watched(
        inVault('A', () =>
          house.tenancy.transaction(async () => {
            await house.add('counter', { confidence: 0 });
            wrote.reach();
            await done.reached;
          }),
        ),
      );
      await wrote.reached;
      await inVault('B', () => house.tenancy.transaction(() => house.add('b')));
      await inVault('B', () => house.add('c'));
      expect(house.stored()).toEqual(['B/b', 'B/c']);
      const waiting = [
        watched(inVault('A', () => house.add('d'))),
        watched(inVault('A', () => both[1].facts.insert(newFact('e')))),
      ];
      await until(() => countOf(house, "wait_event_type = 'Lock' AND wait_event = 'advisory'") === 1);
      expect(await inVault('A', () => house.ids())).toEqual([]);
      done.reach();
      await Promise.all([holding, ...waiting]);
      await inVault('A', async () => {
        await Promise.all(
          Array.from({ length: 100 }, (_, i) => {
            const { tenancy, facts } = both[i % 2];
            return tenancy.transaction(async () => {
              const { confidence } = await facts.findOneByOrFail({ id: 'counter' });
              await facts.update({ id: 'counter' }, { confidence: confidence + 1 });
            });
          }),
        );
        expect((await house.facts.findOneByOrFail({ id: 'counter' })).confidence).toBe(100);
      });
      await expectClean(house);
      await other.destroy();
    },
  },
  {
    name: '200 vaults on three connections find their own alone',
    env: { DATABASE_POOL_SIZE: '3', DATABASE_ACQUIRE_TIMEOUT_MS: '60000' },
    run: async (house) => {
      const vaults = Array.from({ length: 200 }, (_, i) => `v${i}`);
      await Promise.all(
        vaults.map((vault) =>
          inVault(vault, async () => {
            await house.add('1', { object: vault });
            await house.tenancy.transaction(() => house.add('2', { object: vault }));
            await house.tenancy.transaction(() => house.add('3').then(fail)).catch(() => {});
            const seen = await house.tenancy.snapshot(() => house.dataSource.manager.find(Fact));
            expect(seen.map(({ object, vaultId }) => [object, vaultId])).toEqual([
              [vault, vault],
              [vault, vault],
            ]);
          }),
        ),
      );
      expect(house.stored()).toHaveLength(400);
      await expectClean(house);
    },
  },
  {
    name: 'a transaction that does not open carries nothing out',
    env: ONE,
    run: async (house) => {
      await inVault('A', () => house.add('a'));
      const { query } = pg.Client.prototype;
      const spoiling = (text: RegExp) => {
        (pg.Client.prototype as { query: unknown }).query = function (this: pg.Client, ...given: unknown[]) {
          const [first, ...rest] = given;
          const spoiled = typeof first === 'string' && text.test(first) ? 'SELECT 1 / 0' : first;
          return (query as (...all: unknown[]) => unknown).apply(this, [spoiled, ...rest]);
        };
      };
      try {
        // What is sent along with the spoiled message is carried out without a vault, and row-level security stops it.
        for (const text of [/^BEGIN/, /^SET LOCAL app/, /pg_advisory/]) {
          spoiling(text);
          await inVault('A', async () => {
            await expect(house.add('b')).rejects.toThrow();
            const unit = house.tenancy.transaction(async () => {
              await house.add('c').catch(() => {});
              await house.add('d').catch(() => {});
            });
            await expect(unit).rejects.toThrow('division by zero');
            if (text.source.includes('pg_advisory')) return;
            await expect(house.ids()).rejects.toThrow('division by zero');
            await expect(house.tenancy.snapshot(() => house.ids())).rejects.toThrow('division by zero');
          });
          pg.Client.prototype.query = query;
          await expectClean(house);
        }
      } finally {
        pg.Client.prototype.query = query;
      }
      expect(house.stored()).toEqual(['A/a']);
      await inVault('A', () => house.facts.insert(newFact('e')));
      expect(house.stored()).toEqual(['A/a', 'A/e']);
    },
  },
];
