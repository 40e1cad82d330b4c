import { expect } from 'vitest';
import { type Check, Signal, inVault } from './check.js';

/** Units that read. */
export const snapshotChecks: readonly Check[] = [
  {
    name: 'a snapshot does not change while others commit, and ends',
    run: async (house) => {
      await inVault('A', async () => {
        await house.add('a');
        const [read, written] = [new Signal(), new Signal()];
        const snapshot = house.tenancy.snapshot(async () => {
          const before = await house.ids();
          read.reach();
          await written.reached;
          return [before, await house.ids()];
        });
        await read.reached;
        await house.add('b');
        expect(await house.ids()).toEqual(['a', 'b']);
        written.reach();
        expect(await snapshot).toEqual([['a'], ['a']]);
        expect(await house.tenancy.snapshot(() => house.ids())).toEqual(['a', 'b']);
      });
    },
  },
  {
    name: 'a snapshot cannot write, whatever stands around it or in it',
    run: async (house) => {
      const cannot = 'A reading unit of work cannot write';
      const { tenancy } = house;
      await inVault('A', async () => {
        await house.add('a');
        await expect(tenancy.snapshot(() => house.add('b'))).rejects.toThrow(cannot);
        await expect(
          tenancy.snapshot(() => house.facts.update({ id: 'a' }, { object: 'x' })),
        ).rejects.toThrow(cannot);
        await expect(tenancy.snapshot(() => house.facts.delete({ id: 'a' }))).rejects.toThrow(cannot);
        await expect(tenancy.snapshot(() => tenancy.transaction(() => house.ids()))).rejects.toThrow(cannot);
        await tenancy.transaction(async () => {
          await expect(tenancy.snapshot(() => house.add('b'))).rejects.toThrow(cannot);
          expect(await tenancy.snapshot(() => tenancy.snapshot(() => house.ids()))).toEqual(['a']);
          await house.add('c');
        });
      });
      expect(house.stored()).toEqual(['A/a', 'A/c']);
    },
  },
  {
    name: 'more snapshots than connections wait for each other, and fail by themselves',
    run: async (house) => {
      await inVault('A', async () => {
        await house.add('a');
        const results = await Promise.allSettled(
          Array.from({ length: 40 }, (_, i) =>
            house.tenancy.snapshot(async () => {
              await new Promise((resolve) => setImmediate(resolve));
              if (i % 4 === 0) throw new Error('fails');
              return house.ids();
            }),
          ),
        );
        expect(results.map(({ status }) => status)).toEqual(
          results.map((_, i) => (i % 4 === 0 ? 'rejected' : 'fulfilled')),
        );
      });
    },
  },
];
