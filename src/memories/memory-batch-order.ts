import { uuidBits, uuidv7 } from './uuid.js';

/** What a new memory is known by. */
export interface Arrival {
  readonly id: string;
  /** ms since 1970 */
  readonly createdAt: number;
}

/**
 * Ids and times of creation for memories that arrive together without them, so that a list (by time, then by id)
 * has them in the order of arrival. The ids of one moment are drawn at random, as any others, and dealt in
 * ascending order. Where the caller's own id would not come after the one before, the time moves on by a
 * millisecond instead. One is made for each request, so nothing of one caller's writes shows in another's ids.
 */
export class ArrivalOrder {
  private time = 0;
  private lastId = '';
  private bits: string[] = [];

  /**
   * For each transaction, before its memories.
   *
   * @param now ms since 1970
   * @param count the most memories that will be asked for
   */
  begin(now: number, count: number): void {
    this.moveTo(Math.max(now, this.time + 1));
    // The least is dealt first, from the end.
    this.bits = Array.from({ length: count }, uuidBits).sort().reverse();
  }

  /** @param given what the caller sent; a time of their own is kept, whatever order it brings about */
  next(given: { readonly id?: string; readonly created_at?: number }): Arrival {
    const bits = given.id === undefined ? this.bits.pop() : undefined;
    const idNow = () => given.id ?? uuidv7(this.time, bits);
    if (given.created_at !== undefined) return { id: idNow(), createdAt: given.created_at };
    if (!comesAfter(idNow(), this.lastId)) this.moveTo(this.time + 1);
    this.lastId = idNow();
    return { id: this.lastId, createdAt: this.time };
  }

  private moveTo(time: number): void {
    this.time = time;
    this.lastId = '';
  }
}

/** As both databases compare text: byte by byte. */
function comesAfter(id: string, other: string): boolean {
  return Buffer.compare(Buffer.from(id), Buffer.from(other)) > 0;
}
