/** Memories that one walk may come to. */
export const MAX_MEMORIES = 10_000;
/** Waypoints that one walk may look at. */
export const MAX_WAYPOINTS = 50_000;

/** How much one walk may do before it is given up. */
export class Allowance {
  constructor(
    private memoriesLeft = MAX_MEMORIES,
    private waypointsLeft = MAX_WAYPOINTS,
  ) {}

  /** Whether the walk has wanted more than it may. */
  get isSpent(): boolean {
    return this.memoriesLeft < 0 || this.waypointsLeft < 0;
  }

  /** Counts memories that the walk has come to. @returns whether it may go on */
  memories(count: number): boolean {
    this.memoriesLeft -= count;
    return !this.isSpent;
  }

  /** Counts waypoints that were read. @returns whether it may go on */
  waypoints(count: number): boolean {
    this.waypointsLeft -= count;
    return !this.isSpent;
  }
}
