import { expect } from 'vitest';
import { StorageFullError } from '../../../src/database/storage-full.error.js';
import { FactEdge } from '../../../src/facts/fact-edge.entity.js';
import { type Check, type House, edgeToNothing, inUnit, inVault } from './check.js';

const BIG = { object: 'x'.repeat(400_000) };

/** A unit of work of vault A. */
function unit<T>(house: House, work: () => Promise<T>): Promise<T> {
  return inUnit(house, 'A', work);
}

/** Runs units that begin in the same turn, and so share a commit. @returns what each was refused with */
async function refusals(units: readonly Promise<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(units);
  return settled.map((one) => (one.status === 'rejected' ? (one.reason as unknown) : undefined));
}

/** Units of work that are brought to the disk together. */
const checks: readonly Omit<Check, 'onSqlite'>[] = [
  {
    name: 'units that end in the same turn share a commit: the later sees what the earlier wrote, others do not',
    run: async (house) => {
      const add = unit(house, () => house.add('a'));
      const look = unit(house, async () => ({ own: await house.ids(), stored: house.stored() }));
      const [seen] = await Promise.all([look, add]);
      expect(seen).toEqual({ own: ['a'], stored: [] });
      expect(house.stored()).toEqual(['A/a']);
    },
  },
  {
    name: 'a unit, and a single write, is over when it is on the disk, and not before',
    run: async (house) => {
      const ids = Array.from({ length: 100 }, (_, i) => `f${100 + i}`);
      const late: string[] = [];
      await Promise.all(
        ids.map(async (id, i) => {
          await (i % 3 ? unit(house, () => house.add(id)) : inVault('A', () => house.add(id)));
          if (!house.stored().includes(`A/${id}`)) late.push(id);
        }),
      );
      expect(late).toEqual([]);
      expect(house.stored()).toEqual(ids.map((id) => `A/${id}`));
    },
  },
  {
    name: 'a unit that fails takes back what it did, and nothing of those that share its commit',
    run: async (house) => {
      const fail = (id: string) => async () => {
        await house.add(id);
        await house.tenancy.transaction(() => house.add(`${id}-nested`));
        throw new Error(id);
      };
      const refused = await refusals([
        unit(house, fail('first')),
        unit(house, () => house.add('a')),
        unit(house, fail('second')),
        inVault('B', () => house.add('b')),
        inVault('A', () => house.add('a')),
        unit(house, () => house.add('c')),
        unit(house, fail('last')),
      ]);
      expect(refused.map((reason) => reason !== undefined)).toEqual([
        true,
        false,
        true,
        false,
        true,
        false,
        true,
      ]);
      expect(house.stored()).toEqual(['A/a', 'A/c', 'B/b']);
    },
  },
  {
    name: 'a unit that fails for what another wrote says so when that is on the disk',
    run: async (house) => {
      const add = unit(house, () => house.add('a'));
      const refuse = unit(house, async () => {
        throw new Error((await house.ids()).join());
      });
      const told = refuse.catch(({ message }: Error) => ({ message, stored: house.stored() }));
      const [seen] = await Promise.all([told, add]);
      expect(seen).toEqual({ message: 'a', stored: ['A/a'] });
    },
  },
  {
    name: 'where the commit fails, all that share it have failed, and so has who saw their rows',
    run: async (house) => {
      const seen: string[][] = [];
      const refused = await refusals([
        unit(house, () => house.add('a')),
        unit(house, async () => {
          // The reference to nothing is found out by the commit alone.
          house.writer!.pragma('defer_foreign_keys = ON');
          await house.dataSource.getRepository(FactEdge).insert(edgeToNothing('a'));
        }),
        unit(house, async () => {
          seen.push(await house.ids());
          throw new Error('taken');
        }),
      ]);
      expect(seen).toEqual([['a']]);
      for (const reason of refused) expect(String(reason)).toMatch(/FOREIGN KEY/);
      expect(house.stored()).toEqual([]);
      await unit(house, () => house.add('after'));
      expect(house.stored()).toEqual(['A/after']);
    },
  },
  {
    name: 'where the database ends the transaction, the disk being full, all that share it have failed',
    room: 20,
    run: async (house) => {
      const refused = await refusals([
        unit(house, () => house.add('a')),
        unit(house, () => house.add('b')),
        unit(house, () => house.add('big', BIG)),
        unit(house, () => house.add('c')),
        unit(house, () => house.add('big', BIG).catch(() => {})),
        unit(house, () => house.add('d')),
      ]);
      const full = expect.any(StorageFullError) as StorageFullError;
      expect(refused).toEqual([full, full, full, full, full, undefined]);
      expect(house.stored()).toEqual(['A/d']);
    },
  },
];

export const sharedCommitChecks: readonly Check[] = checks.map((check) => ({ ...check, onSqlite: true }));
