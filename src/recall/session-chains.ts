import { SESSION_PAUSE_MS } from './method.js';

/**
 * Tells for each living memory which one is before it in its session. Memories are told in the order of their
 * positions, one owner after the other; a session never joins two owners.
 *
 * Those with a key belong together whatever stands between them. Those without are a session as long as each
 * was created at most `SESSION_PAUSE_MS` before or after the last.
 */
export class SessionChains {
  private readonly lastOf = new Map<number, number>();
  /** The memory told last among those with a key, and its key. */
  private recent = -1;
  private recentKey = 0;
  private lastWithout = -1;
  private lastTime = 0;

  /** How many of the last owner's sessions have a key. */
  get sessions(): number {
    return this.lastOf.size;
  }

  /** The memories told from here on are another owner's. */
  nextOwner(): void {
    this.lastOf.clear();
    this.recent = -1;
    this.lastWithout = -1;
  }

  /**
   * @param key hash of the session's key, signed: a larger number would have to be boxed as a key of the map
   * @returns the memory before it, or -1
   */
  follow(memory: number, key: number): number {
    let before = this.recent;
    if (before < 0 || key !== this.recentKey) {
      // The map knows the session left, not the one under way: most memories follow one of the same session.
      if (before >= 0) this.lastOf.set(this.recentKey, before);
      before = this.lastOf.get(key) ?? -1;
      this.recentKey = key;
    }
    this.recent = memory;
    return before;
  }

  /**
   * @param time of creation, in milliseconds
   * @returns the memory before it, or -1
   */
  followWithoutKey(memory: number, time: number): number {
    const { lastWithout, lastTime } = this;
    this.lastWithout = memory;
    this.lastTime = time;
    return lastWithout >= 0 && Math.abs(time - lastTime) <= SESSION_PAUSE_MS ? lastWithout : -1;
  }

  /** The same memories told; what is told to one is not told to the other. */
  clone(): SessionChains {
    const clone = new SessionChains();
    for (const [key, memory] of this.lastOf) clone.lastOf.set(key, memory);
    const { recent, recentKey, lastWithout, lastTime } = this;
    return Object.assign(clone, { recent, recentKey, lastWithout, lastTime });
  }
}
