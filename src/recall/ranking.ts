/** Scored memories, a column each. */
export interface Scores {
  /** The memories, by number. Numbers ascend by owner and position. */
  readonly cells: Int32Array;
  /** Their scores, 0 or more. */
  readonly values: Float64Array;
  /** By cell: the position among its owner's memories. */
  readonly positions: Uint32Array;
}

/**
 * Scored memories from the best down, without sorting them all: the first ones are picked in one pass; only when
 * more are taken, the others are put into a heap, of which each costs the logarithm of the rest. It can be left
 * and taken up again, as a filter may turn memories away.
 *
 * Equal scores come in insertion order: by position and, where two owners have the same position, by the order
 * of the owners. (Positions count per owner, so between owners this is an order, not a time.)
 */
export class Ranking {
  /** The places of the first ones, in order. */
  private readonly first: readonly number[];
  private taken = 0;
  /** The places of the others; heap[0] is the best left, heap[i] is better than heap[2i + 1] and heap[2i + 2]. */
  private heap: Uint32Array | undefined;
  private left = 0;

  /** @param first how many are picked at once */
  constructor(
    private readonly scores: Scores,
    first: number,
  ) {
    this.first = this.best(first);
  }

  /** The places in the scores of the next `count`, fewer when they run out. */
  take(count: number): number[] {
    const places = this.first.slice(this.taken, this.taken + count);
    this.taken += places.length;
    if (places.length < count && !this.heap) this.heap = this.others();
    while (places.length < count && this.left > 0) places.push(this.next(this.heap!));
    return places;
  }

  private best(count: number): number[] {
    const best: number[] = [];
    for (let place = 0; place < this.scores.cells.length; place += 1) {
      if (best.length === count && !this.before(place, best[count - 1])) continue;
      let at = Math.min(best.length, count - 1);
      for (; at > 0 && this.before(place, best[at - 1]); at -= 1) best[at] = best[at - 1];
      best[at] = place;
    }
    return best;
  }

  /** A heap of all but the first. */
  private others(): Uint32Array {
    const first = new Set(this.first);
    const heap = new Uint32Array(this.scores.cells.length - first.size);
    for (let place = 0; place < this.scores.cells.length; place += 1) {
      if (!first.has(place)) heap[this.left++] = place;
    }
    for (let i = (this.left >> 1) - 1; i >= 0; i -= 1) this.sink(heap, i);
    return heap;
  }

  private next(heap: Uint32Array): number {
    const best = heap[0];
    this.left -= 1;
    heap[0] = heap[this.left];
    this.sink(heap, 0);
    return best;
  }

  private sink(heap: Uint32Array, from: number): void {
    const { left } = this;
    const moved = heap[from];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= left) break;
      if (child + 1 < left && this.before(heap[child + 1], heap[child])) child += 1;
      if (!this.before(heap[child], moved)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = moved;
  }

  /** Whether what is at place a comes before what is at place b. */
  private before(a: number, b: number): boolean {
    const { cells, values, positions } = this.scores;
    if (values[a] !== values[b]) return values[a] > values[b];
    return comesFirst(cells[a], cells[b], positions);
  }
}

/** The order of equal scores. */
export function comesFirst(one: number, other: number, positions: Uint32Array): boolean {
  if (positions[one] !== positions[other]) return positions[one] < positions[other];
  return one < other;
}
