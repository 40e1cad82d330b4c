import { expect } from 'vitest';
import { StorageFullError } from '../../../src/database/storage-full.error.js';
import { Fact } from '../../../src/facts/fact.entity.js';
import { TenantContext } from '../../../src/tenancy/tenant-context.js';
import { type Check, Signal, inVault, newFact, settle, watched } from './check.js';

const failure = new Error('this unit of work fails');
const fail = () => Promise.reject(failure);

/** Units of work: what is in them happens as a whole, and to nobody else. */
export const unitChecks: readonly Check[] = [
  {
    name: 'a failing unit takes nothing of another vault’s with it, and nobody reads what is not committed',
    run: async (house) => {
      const [aWrote, bStarted] = [new Signal(), new Signal()];
      const a = inVault('A', () =>
        house.tenancy.transaction(async () => {
          await house.add('a');
          aWrote.reach();
          await bStarted.reached;
          await settle();
          expect(await house.ids()).toEqual(['a']);
          return fail();
        }),
      );
      watched(a);
      await aWrote.reached;
      const b = inVault('B', () => {
        const unit = house.tenancy.transaction(() => house.add('b'));
        bStarted.reach();
        return unit;
      });
      expect(await inVault('A', () => house.ids())).toEqual([]);
      // On PostgreSQL B waits for nobody of another vault.
      if (!house.onPostgres) expect(await inVault('B', () => house.ids())).toEqual([]);
      await expect(a).rejects.toBe(failure);
      await b;
      expect(house.stored()).toEqual(['B/b']);
      expect(await inVault('B', () => house.ids())).toEqual(['b']);
    },
  },
  {
    name: 'single statements of another vault do not join a running unit',
    run: async (house) => {
      const [wrote, tried] = [new Signal(), new Signal()];
      const a = inVault('A', () =>
        house.tenancy.transaction(async () => {
          await house.add('a');
          wrote.reach();
          await tried.reached;
          return fail();
        }),
      );
      watched(a);
      await wrote.reached;
      const b = inVault('B', () => house.add('b'));
      await settle();
      expect(house.stored()).not.toContain('A/a');
      tried.reach();
      await expect(a).rejects.toBe(failure);
      await b;
      expect(house.stored()).toEqual(['B/b']);
    },
  },
  {
    name: 'a unit reads what it wrote, and everybody does after it',
    run: async (house) => {
      await inVault('A', async () => {
        await house.tenancy.transaction(async () => {
          await house.add('a');
          expect(await house.ids()).toEqual(['a']);
          expect(await house.dataSource.manager.count(Fact)).toBe(1);
          expect(await house.dataSource.createQueryRunner().manager.count(Fact)).toBe(1);
          expect(house.stored()).toEqual([]);
        });
        expect(await house.ids()).toEqual(['a']);
        expect(await house.tenancy.snapshot(() => house.ids())).toEqual(['a']);
      });
    },
  },
  {
    name: 'writing units come one after the other, in the order of their asking; no update is lost',
    run: async (house) => {
      const order: number[] = [];
      await inVault('A', async () => {
        await house.add('counter', { confidence: 0 });
        await Promise.all(
          Array.from({ length: 40 }, (_, i) =>
            house.tenancy.transaction(async () => {
              order.push(i);
              const { confidence } = await house.facts.findOneByOrFail({ id: 'counter' });
              await new Promise((resolve) => setImmediate(resolve));
              await house.facts.update({ id: 'counter' }, { confidence: confidence + 1 });
            }),
          ),
        );
        expect((await house.facts.findOneByOrFail({ id: 'counter' })).confidence).toBe(40);
      });
      // PostgreSQL hears them over several connections, and so in another order.
      if (house.onPostgres) order.sort((a, b) => a - b);
      expect(order).toEqual(Array.from({ length: 40 }, (_, i) => i));
    },
  },
  {
    name: 'what TypeORM saves in parts is one transaction, in a unit the unit’s',
    run: async (house) => {
      const { facts } = house;
      const both = () => [
        facts.create(newFact('x')),
        facts.create({ ...newFact('y'), subject: null as unknown as string }),
      ];
      await inVault('A', async () => {
        await expect(facts.save(both(), { chunk: 1 })).rejects.toThrow(/NOT NULL|not-null/);
        expect(await house.ids()).toEqual([]);
        const unit = house.tenancy.transaction(async () => {
          await house.add('a');
          await expect(facts.save(both())).rejects.toThrow(/NOT NULL|not-null/);
        });
        // PostgreSQL undoes a unit in which a statement has failed, unless that was in a nested one.
        if (house.onPostgres) await expect(unit).rejects.toThrow('after a statement of it had failed');
        else await unit;
        expect((await house.ids()).includes('a')).toBe(!house.onPostgres);
      });
    },
  },
  {
    name: 'after-commit work waits for the commit, and is dropped with what failed',
    run: async (house) => {
      const done: string[] = [];
      const note = (what: string) =>
        house.tenancy.afterCommit(() => done.push(`${what} ${house.stored().join()}`));
      await inVault('A', async () => {
        note('outside');
        await house.tenancy.transaction(async () => {
          await house.add('a');
          note('unit');
          await house.tenancy.transaction(async () => note('nested'));
          await house.tenancy.transaction(async () => (note('failed'), fail())).catch(() => {});
          expect(done).toEqual(['outside ']);
        });
        await house.tenancy.transaction(async () => (note('rolled back'), fail())).catch(() => {});
      });
      expect(done).toEqual(['outside ', 'unit A/a', 'nested A/a']);
    },
  },
  {
    name: 'no call to the network is made inside a unit',
    run: async (house) => {
      let calls = 0;
      const call = () => house.tenancy.network(() => Promise.resolve(++calls));
      await inVault('A', async () => {
        await call();
        await expect(house.tenancy.transaction(call)).rejects.toThrow('No network call');
        await expect(house.tenancy.snapshot(call)).rejects.toThrow('No network call');
      });
      expect(calls).toBe(1);
    },
  },
  {
    name: 'a unit is not committed, rolled back or released by hand',
    run: async (house) => {
      await inVault('A', async () => {
        await house.tenancy.transaction(async () => {
          const runner = house.dataSource.createQueryRunner();
          await runner.release();
          await house.add('a');
          await expect(runner.commitTransaction()).rejects.toThrow('when its function returns');
          await expect(runner.rollbackTransaction()).rejects.toThrow('by throwing');
          await runner.startTransaction();
          await house.add('b');
          await runner.rollbackTransaction();
        });
        expect(await house.ids()).toEqual(['a']);
      });
    },
  },
  {
    name: 'a runner used by hand commits, rolls back, and rolls back what it is released with',
    run: async (house) => {
      await inVault('A', async () => {
        const begin = async (id: string) => {
          const runner = house.dataSource.createQueryRunner();
          await runner.startTransaction();
          await runner.manager.insert(Fact, newFact(id));
          return runner;
        };
        const first = await begin('a');
        await first.commitTransaction();
        await first.release();
        const second = await begin('b');
        await second.rollbackTransaction();
        await expect(second.commitTransaction()).rejects.toThrow('No transaction is open');
        await second.release();
        await (await begin('c')).release();
        await expect(second.manager.find(Fact)).rejects.toThrow(/released/);
        expect(await house.ids()).toEqual(['a']);
      });
    },
  },
  {
    name: 'a unit of another context is not joined by a new one',
    run: async (house) => {
      await inVault('A', () =>
        house.tenancy.transaction(async () => {
          await house.add('a');
          expect(await inVault('B', () => house.ids())).toEqual([]);
          expect(inVault('B', () => TenantContext.unit())).toBeUndefined();
        }),
      );
    },
  },
  {
    name: 'a unit whose transaction the database has ended, the disk being full, does not go on outside it',
    room: 20,
    run: async (house) => {
      const big = { object: 'x'.repeat(400_000) };
      const ended = 'The database has ended this transaction';
      await inVault('A', async () => {
        await house.add('before');
        await expect(house.add('big', big)).rejects.toThrow(StorageFullError);
        const unit = house.tenancy.transaction(async () => {
          await house.add('a');
          await expect(house.add('big', big)).rejects.toThrow(StorageFullError);
          await house.add('b');
        });
        await expect(unit).rejects.toThrow(ended);
        const nested = house.tenancy.transaction(async () => {
          await house.tenancy.transaction(() => house.add('big', big)).catch(() => {});
          await house.add('c');
        });
        await expect(nested).rejects.toThrow(ended);
        expect(house.stored()).toEqual(['A/before']);
        await house.tenancy.transaction(() => house.add('after'));
      });
    },
  },
];
