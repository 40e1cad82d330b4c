import { describe, expect, it } from 'vitest';
import { Columns } from '../src/recall/columns.js';

const KINDS = [Uint8Array, Uint16Array, Uint32Array, Int32Array, Float64Array] as const;

/** A column of each kind, all numbers of which are then something else than 0. */
function fillAll(columns: Columns, length: number): void {
  for (const kind of KINDS) {
    const column = columns.of<InstanceType<typeof kind>>(kind, length);
    expect(column).toHaveLength(length);
    expect(column.every((value) => value === 0)).toBe(true);
    column.fill(7);
  }
}

describe('columns of a search', () => {
  it('hold nothing of the searches before, whatever their sizes', async () => {
    for (const memories of [1_000, 10, 64, 999, 1_000, 0, 5_000, 3, 300_000, 4_000]) {
      await Columns.lend(memories, (columns) => Promise.resolve(fillAll(columns, memories)));
    }
  });

  it('are apart from each other, and from those of searches under way', async () => {
    const made: Int32Array[] = [];
    const search = (left: number): Promise<void> =>
      Columns.lend(1_000, async (columns) => {
        for (let i = 0; i < 3; i += 1) {
          made.push(columns.of<Int32Array>(Int32Array, 999 + i).fill(made.length));
        }
        if (left > 0) await Promise.all([search(left - 1), search(left - 1)]);
        for (const [i, column] of made.entries()) expect(column.every((value) => value === i)).toBe(true);
      });
    const before = made.length;
    await search(3);
    expect(made.length - before).toBe(3 * 15);
  });

  it('are there where more is asked for than was reckoned with', async () => {
    await Columns.lend(1, (columns) => {
      for (let i = 0; i < 5; i += 1) fillAll(columns, 20_000);
      return Promise.resolve();
    });
    fillAll(Columns.ownMemory(), 100);
  });
});
