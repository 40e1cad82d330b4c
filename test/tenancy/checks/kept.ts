import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { FactEdge } from '../../../src/facts/fact-edge.entity.js';
import { type Check, type House, edgeToNothing, inUnit, inVault } from './check.js';

const VALUE = { kept: true };

/** A unit of work that keeps a value for those after it. */
function keep(house: House, vault = 'A', kind = 'facts'): Promise<void> {
  return inUnit(house, vault, async () => house.tenancy.keep(kind, 'key', VALUE));
}

/** What a unit of work finds of what was kept. */
function kept(house: House, vault = 'A', kind = 'facts'): Promise<unknown> {
  return inUnit(house, vault, async () => house.tenancy.kept(kind, 'key'));
}

/** What units of work of one process keep for each other. */
const checks: readonly Omit<Check, 'onSqlite'>[] = [
  {
    name: 'what a unit keeps, later ones of the same vault have, and nobody else',
    run: async (house) => {
      await keep(house);
      expect(await kept(house)).toBe(VALUE);
      const nested = () => house.tenancy.transaction(async () => house.tenancy.kept('facts', 'key'));
      expect(await inUnit(house, 'A', nested)).toBe(VALUE);
      expect(await kept(house, 'B')).toBeUndefined();
      expect(await kept(house, 'A', 'vaults')).toBeUndefined();
      const { tenancy } = house;
      expect(await inVault('A', async () => tenancy.kept('facts', 'key'))).toBeUndefined();
      const reading = () => tenancy.snapshot(async () => tenancy.kept('facts', 'key'));
      expect(await inVault('A', reading)).toBeUndefined();
    },
  },
  {
    name: 'a statement that writes to a table makes what was kept of it be forgotten, and of no other',
    run: async (house) => {
      const writes = [
        () => house.add('a'),
        () => house.facts.update({ id: 'a' }, { confidence: 0.5 }),
        () => house.facts.delete({ id: 'a' }),
      ];
      for (const write of writes) {
        await keep(house);
        await keep(house, 'A', 'vaults');
        await inUnit(house, 'B', write);
        expect(await kept(house)).toBeUndefined();
        expect(await kept(house, 'A', 'vaults')).toBe(VALUE);
      }
      await keep(house);
      await inVault('B', () => house.add('alone'));
      expect(await kept(house)).toBeUndefined();
    },
  },
  {
    name: 'what a unit that fails has kept is forgotten, and so is what one nested in another has',
    run: async (house) => {
      const fails = () =>
        house.tenancy.transaction(async () => {
          house.tenancy.keep('facts', 'key', VALUE);
          throw new Error('fails');
        });
      await expect(inVault('A', fails)).rejects.toThrow('fails');
      expect(await kept(house)).toBeUndefined();
      const left = await inUnit(house, 'A', async () => {
        await expect(fails()).rejects.toThrow('fails');
        return house.tenancy.kept('facts', 'key');
      });
      expect(left).toBeUndefined();
    },
  },
  {
    name: 'what a unit has kept that fails in a commit shared with others is forgotten',
    run: async (house) => {
      const [first, , second] = await Promise.allSettled([
        inUnit(house, 'A', () => house.add('a')),
        inUnit(house, 'A', async () => {
          house.tenancy.keep('facts', 'key', VALUE);
          throw new Error('fails');
        }),
        kept(house),
      ]);
      expect([first.status, second]).toEqual(['fulfilled', { status: 'fulfilled', value: undefined }]);
    },
  },
  {
    name: 'where the commit fails, what was kept is forgotten',
    run: async (house) => {
      const fails = inUnit(house, 'A', async () => {
        // The reference to nothing is found out by the commit alone.
        house.writer!.pragma('defer_foreign_keys = ON');
        await house.dataSource.getRepository(FactEdge).insert(edgeToNothing('none'));
        house.tenancy.keep('facts', 'key', VALUE);
      });
      await expect(fails).rejects.toThrow(/FOREIGN KEY/);
      expect(await kept(house)).toBeUndefined();
    },
  },
  {
    name: 'what was kept is forgotten when another connection has written',
    run: async (house) => {
      await keep(house);
      const other = new Database(house.path);
      other.exec('CREATE TABLE another (value)');
      other.close();
      expect(await kept(house)).toBeUndefined();
    },
  },
];

export const keptChecks: readonly Check[] = [
  ...checks.map((check) => ({ ...check, onSqlite: true as const })),
  {
    name: 'on a database that other processes write to, nothing is kept',
    run: async (house) => {
      if (!house.onPostgres) return;
      await keep(house);
      expect(await kept(house)).toBeUndefined();
    },
  },
];
