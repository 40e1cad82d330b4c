/** Scored memories, a column each. */
export interface Scores {
  readonly scopes: readonly number[];
  readonly positions: readonly number[];
  /** Raw scores: 0 or more, no upper bound. */
  readonly values: Float64Array;
}

/** A memory found. */
export interface Hit {
  readonly scope: number;
  /** Position in its scope. */
  readonly position: number;
  /** Raw score, over 0. */
  readonly score: number;
}

/**
 * Scored memories from the best down, without sorting them all: a heap built once in linear time, of which
 * each hit taken costs the logarithm of the rest. It can be left and taken up again (a filter may turn hits
 * away): `for (const hit of ranking)` goes on where the last loop stopped.
 *
 * Equal scores come in insertion order: by position and, where two scopes have the same position, by the order
 * of the scopes. (Positions count per scope, so between scopes this is an order, not a time.) Scores of 0 are
 * not hits.
 */
export class Ranking implements IterableIterator<Hit> {
  /** Indices into the scores; heap[0] is the best left, heap[i] is better than heap[2i + 1] and heap[2i + 2]. */
  private readonly heap: Uint32Array;
  private left: number;

  constructor(private readonly scores: Scores) {
    const { values } = scores;
    this.heap = new Uint32Array(values.length);
    this.left = 0;
    for (let i = 0; i < values.length; i += 1) if (values[i] > 0) this.heap[this.left++] = i;
    for (let i = (this.left >> 1) - 1; i >= 0; i -= 1) this.sink(i);
  }

  /** How many hits have not been taken yet. */
  get remaining(): number {
    return this.left;
  }

  next(): IteratorResult<Hit, undefined> {
    if (this.left === 0) return { done: true, value: undefined };
    const best = this.heap[0];
    this.left -= 1;
    this.heap[0] = this.heap[this.left];
    this.sink(0);
    const { scopes, positions, values } = this.scores;
    return { done: false, value: { scope: scopes[best], position: positions[best], score: values[best] } };
  }

  [Symbol.iterator](): this {
    return this;
  }

  /** The next `count` hits, fewer when they run out. */
  take(count: number): Hit[] {
    const hits: Hit[] = [];
    while (hits.length < count && this.left > 0) hits.push(this.next().value!);
    return hits;
  }

  private sink(from: number): void {
    const { heap, left } = this;
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

  /** Whether hit a comes before hit b. */
  private before(a: number, b: number): boolean {
    const { scopes, positions, values } = this.scores;
    if (values[a] !== values[b]) return values[a] > values[b];
    if (positions[a] !== positions[b]) return positions[a] < positions[b];
    return scopes[a] < scopes[b];
  }
}
