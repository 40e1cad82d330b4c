import { MAX_SLOTS } from './term-block-layout.js';

/** Positions of one owner's memories, `from` included, `to` not. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** Where a block lies, and whether it may stay as it is. */
export interface Extent {
  readonly firstPosition: number;
  readonly slots: number;
  /** It can be read, was written by today's rules, and is named as a block is named today. */
  readonly sound: boolean;
}

/**
 * What has to be written anew of the positions from `from` to `below`: the places of unsound blocks, and those that
 * no block has. Each stretch is at most a block's worth, and the highest comes first.
 *
 * A block keeps its borders. Where there is none, they are the multiples of 64: whoever begins anew after half
 * the work was done, and whoever works at the same time, draws the same ones.
 *
 * @param extents the blocks that begin in there, in any order
 */
export function stretchesToWrite(extents: readonly Extent[], from: number, below: number): Stretch[] {
  const stretches: Stretch[] = [];
  let upper = below;
  for (const { firstPosition, slots, sound } of [...extents].sort(
    (a, b) => b.firstPosition - a.firstPosition,
  )) {
    const end = firstPosition + slots;
    // Never beyond the next block, nor longer than a block can be, whatever a damaged row says of itself.
    if (sound && end <= upper) {
      stretches.push(...gap(end, upper));
    } else {
      const own = Math.max(firstPosition + 1, Math.min(end, upper, firstPosition + MAX_SLOTS));
      stretches.push(...gap(own, upper), { from: firstPosition, to: own });
    }
    upper = firstPosition;
  }
  return [...stretches, ...gap(from, upper)];
}

/** The positions from `from` to `to`, cut at the multiples of 64, the highest first. */
function gap(from: number, to: number): Stretch[] {
  const stretches: Stretch[] = [];
  for (let upper = to; upper > from;) {
    const lower = Math.max(from, Math.floor((upper - 1) / MAX_SLOTS) * MAX_SLOTS);
    stretches.push({ from: lower, to: upper });
    upper = lower;
  }
  return stretches;
}
