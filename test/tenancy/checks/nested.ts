import type { EntityManager } from 'typeorm';
import { expect } from 'vitest';
import { Fact } from '../../../src/facts/fact.entity.js';
import { type Check, type House, Signal, inVault, newFact, settle, watched } from './check.js';

const failure = new Error('this unit of work fails');
const fail = () => Promise.reject(failure);

/** The writer serves others after all this. */
async function stillWrites(house: House): Promise<void> {
  await inVault('C', () => house.tenancy.transaction(() => house.add('after')));
  expect(house.stored()).toContain('C/after');
}

/** Units in units, and code that outlives its unit. */
export const nestedChecks: readonly Check[] = [
  {
    name: 'a nested unit that fails is undone alone',
    run: (house) =>
      inVault('A', async () => {
        await house.tenancy.transaction(async () => {
          await house.add('a');
          await expect(
            house.tenancy.transaction(async () => {
              await house.add('b');
              await house.tenancy.transaction(() => house.add('c'));
              return fail();
            }),
          ).rejects.toBe(failure);
          await house.tenancy.transaction(() => house.add('d'));
        });
        expect(house.stored()).toEqual(['A/a', 'A/d']);
      }),
  },
  {
    name: 'a unit that fails takes its nested ones with it',
    run: (house) =>
      inVault('A', async () => {
        const unit = house.tenancy.transaction(async () => {
          await house.tenancy.transaction(() => house.add('b'));
          return fail();
        });
        await expect(unit).rejects.toBe(failure);
        expect(house.stored()).toEqual([]);
      }),
  },
  {
    name: 'siblings take turns',
    run: (house) =>
      inVault('A', async () => {
        await house.tenancy.transaction(() =>
          Promise.all(
            Array.from({ length: 10 }, (_, i) =>
              house.tenancy.transaction(async () => {
                await house.add(`${i}`);
                await settle();
              }),
            ),
          ),
        );
        expect(await house.ids()).toHaveLength(10);
      }),
  },
  {
    name: 'a sibling that fails, and is forgiven, is undone alone',
    run: (house) =>
      inVault('A', async () => {
        await house.tenancy.transaction(() =>
          Promise.allSettled([
            house.tenancy.transaction(async () => (await house.add('a'), await settle(), fail())),
            house.tenancy.transaction(() => house.add('b')),
            house.add('c'),
          ]),
        );
        expect(await house.ids()).toEqual(['b', 'c']);
      }),
  },
  {
    name: 'a sibling that fails the unit leaves nothing of the others behind',
    run: async (house) => {
      await inVault('A', async () => {
        const outcomes: Promise<unknown>[] = [];
        const unit = house.tenancy.transaction(() => {
          outcomes.push(
            house.tenancy.transaction(async () => (await house.add('a'), fail())),
            house.tenancy.transaction(async () => {
              await house.add('b');
              await settle();
              await house.add('c');
            }),
            house.tenancy.transaction(() => house.add('d')),
            house.tenancy.transaction(() => Promise.resolve()),
          );
          outcomes.forEach(watched);
          return Promise.all(outcomes);
        });
        await expect(unit).rejects.toBe(failure);
        for (const { status } of await Promise.allSettled(outcomes)) expect(status).toBe('rejected');
      });
      expect(house.stored()).toEqual([]);
      await stillWrites(house);
    },
  },
  {
    name: 'the outer unit’s statements do not get into a nested one',
    run: (house) =>
      inVault('A', async () => {
        await house.tenancy.transaction(async () => {
          const entered = new Signal();
          const nested = house.tenancy.transaction(async () => {
            entered.reach();
            await settle();
            return fail();
          });
          await entered.reached;
          await Promise.all([house.add('outer'), expect(nested).rejects.toBe(failure)]);
        });
        expect(house.stored()).toEqual(['A/outer']);
      }),
  },
  {
    name: 'a nested unit that nobody waits for is committed as a whole',
    run: async (house) => {
      await inVault('A', async () => {
        let nested: Promise<unknown> | undefined;
        const entered = new Signal();
        await house.tenancy.transaction(async () => {
          nested = house.tenancy.transaction(async () => {
            await house.add('a');
            entered.reach();
            await settle();
            await house.add('b');
          });
          await entered.reached;
        });
        expect(house.stored()).toEqual(['A/a', 'A/b']);
        await nested;
      });
    },
  },
  {
    name: 'a nested unit that outlives a failed one writes nothing',
    run: async (house) => {
      await inVault('A', async () => {
        let nested: Promise<unknown> | undefined;
        const entered = new Signal();
        const unit = house.tenancy.transaction(async () => {
          nested = watched(
            house.tenancy.transaction(async () => {
              await house.add('a');
              entered.reach();
              await settle();
              await house.add('b');
            }),
          );
          await entered.reached;
          return fail();
        });
        await expect(unit).rejects.toBe(failure);
        await expect(nested).rejects.toThrow(/has ended|released/);
      });
      expect(house.stored()).toEqual([]);
      await stillWrites(house);
    },
  },
  {
    name: 'a statement that outlives its nested unit is refused, while the outer one goes on',
    run: (house) =>
      inVault('A', async () => {
        await house.tenancy.transaction(async () => {
          let late: Promise<unknown> | undefined;
          await house.tenancy.transaction(async () => {
            late = watched(settle().then(() => house.add('late')));
          });
          await expect(late).rejects.toThrow('has ended');
          await house.add('a');
        });
        expect(house.stored()).toEqual(['A/a']);
      }),
  },
  {
    name: 'a statement that outlives a nested unit which fails leaves nothing in the outer one',
    run: (house) =>
      inVault('A', async () => {
        await house.tenancy.transaction(async () => {
          const late: Promise<unknown>[] = [];
          const nested = house.tenancy.transaction(async () => {
            await house.add('nested');
            // One at every step from the failure of the unit to the end of its being undone.
            const trying = async (): Promise<void> => {
              for (let i = 0; i < 60; i++) {
                await (i % 2 ? null : new Promise((resolve) => process.nextTick(resolve)));
                late.push(house.add(`late ${i}`).catch((error: Error) => error.message));
              }
            };
            late.push(trying());
            return fail();
          });
          await expect(nested).rejects.toBe(failure);
          await Promise.all(late);
          await house.add('a');
        });
        expect(house.stored()).toEqual(['A/a']);
      }),
  },
  {
    name: 'a nested unit that goes on after an error is undone alone, or is as if there had been none',
    run: (house) =>
      inVault('A', async () => {
        await house.add('there');
        await house.tenancy.transaction(async () => {
          const nested = house.tenancy.transaction(async () => {
            await house.add('a');
            await house.add('there').catch(() => {});
          });
          // PostgreSQL takes nothing more after an error but the end.
          if (house.onPostgres) await expect(nested).rejects.toThrow('current transaction is aborted');
          else await nested;
          await house.add('b');
        });
        expect(house.stored()).toEqual(house.onPostgres ? ['A/b', 'A/there'] : ['A/a', 'A/b', 'A/there']);
      }),
  },
  {
    name: 'transactions of TypeORM that outlive their unit are refused, and keep nothing busy',
    run: async (house) => {
      const late: Promise<unknown>[] = [];
      await inVault('A', () =>
        house.tenancy.transaction(async () => {
          late.push(
            watched(settle().then(() => house.facts.save(house.facts.create(newFact('late'))))),
            watched(settle().then(() => house.facts.find({ transaction: true }))),
            watched(settle().then(() => house.dataSource.createQueryRunner().startTransaction())),
          );
        }),
      );
      for (const { status } of await Promise.allSettled(late)) expect(status).toBe('rejected');
      await stillWrites(house);
      expect(house.stored()).toEqual(['C/after']);
    },
  },
  {
    name: 'a statement that outlives its unit is refused',
    run: async (house) => {
      await inVault('A', async () => {
        const late: Promise<unknown>[] = [];
        await house.tenancy.transaction(async () => {
          late.push(
            watched(settle().then(() => house.add('late'))),
            watched(settle().then(() => house.ids())),
            watched(settle().then(() => house.tenancy.transaction(() => house.add('later')))),
          );
        });
        for (const outcome of await Promise.allSettled(late)) {
          expect(outcome).toMatchObject({ reason: { message: expect.stringMatching(/has ended|released/) } });
        }
      });
      expect(house.stored()).toEqual([]);
    },
  },
  {
    name: 'a manager that is kept from a unit is refused after it, and elsewhere',
    run: async (house) => {
      await inVault('A', async () => {
        const kept = await house.dataSource.transaction<EntityManager>(async (manager: EntityManager) => {
          await expect(inVault('B', () => manager.find(Fact))).rejects.toThrow('another vault');
          await expect(inVault('A', () => manager.find(Fact))).rejects.toThrow('not the one that is running');
          return manager;
        });
        await expect(kept.find(Fact)).rejects.toThrow(/has ended|released/);
        await expect(house.tenancy.transaction(() => kept.find(Fact))).rejects.toThrow(
          /not the one that is running|released/,
        );
      });
    },
  },
  {
    name: 'a transaction by hand is refused in another vault',
    run: async (house) => {
      const runner = await inVault('A', async () => {
        const own = house.dataSource.createQueryRunner();
        await own.startTransaction();
        return own;
      });
      await expect(inVault('B', () => runner.manager.find(Fact))).rejects.toThrow('another vault');
      await inVault('A', () => runner.release());
      await stillWrites(house);
    },
  },
];
