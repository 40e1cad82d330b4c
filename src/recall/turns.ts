import { setImmediate as nextTurn } from 'node:timers/promises';

/** Steps of some nanoseconds each that may be done in one go: about two milliseconds. */
const STEPS_A_TURN = 100_000;

/** Lets other requests have their turn in the midst of long work. */
export class Turns {
  private left = STEPS_A_TURN;

  /** Counts work done; true when it is time to `pass`. */
  spent(steps: number): boolean {
    this.left -= steps;
    return this.left <= 0;
  }

  async pass(): Promise<void> {
    this.left = STEPS_A_TURN;
    await nextTurn();
  }
}
