import type { Columns } from './columns.js';
import { SESSION_PAUSE_MS } from './method.js';

/**
 * Links each living memory with the one before and the one after it in its session. Memories are told in the
 * order of their positions, one owner after the other; a session never joins two owners.
 *
 * Those with a key belong together whatever stands between them. Those without are a session as long as each
 * was created at most `SESSION_PAUSE_MS` before or after the last.
 */
export class SessionChains {
  /** By memory: the one before it, or -1. */
  readonly before: Int32Array;
  /** By memory: the one after it, or -1. */
  readonly after: Int32Array;
  private readonly lastOf = new Map<number, number>();
  /** The memory told last among those with a key, and its key. */
  private recent = -1;
  private recentKey = 0;
  private lastWithout = -1;
  private lastTime = 0;

  /** @param capacity how many memories there may be */
  constructor(capacity: number, columns: Columns) {
    this.before = columns.of(Int32Array, capacity).fill(-1);
    this.after = columns.of(Int32Array, capacity).fill(-1);
  }

  /** The memories told from here on are another owner's. */
  nextOwner(): void {
    this.lastOf.clear();
    this.recent = -1;
    this.lastWithout = -1;
  }

  /** @param key hash of the session's key, signed: a larger number would have to be boxed as a key of the map */
  add(memory: number, key: number): void {
    if (this.recent >= 0 && key === this.recentKey) {
      this.link(this.recent, memory);
    } else {
      // The map knows the session left, not the one under way: most memories follow one of the same session.
      if (this.recent >= 0) this.lastOf.set(this.recentKey, this.recent);
      const last = this.lastOf.get(key);
      if (last !== undefined) this.link(last, memory);
      this.recentKey = key;
    }
    this.recent = memory;
  }

  /** @param time of creation, in milliseconds */
  addWithoutKey(memory: number, time: number): void {
    if (this.lastWithout >= 0 && Math.abs(time - this.lastTime) <= SESSION_PAUSE_MS) {
      this.link(this.lastWithout, memory);
    }
    this.lastWithout = memory;
    this.lastTime = time;
  }

  private link(one: number, next: number): void {
    this.after[one] = next;
    this.before[next] = one;
  }
}
