import { BusyError } from './busy.error.js';

/** First come, first served; whoever waits longer than its limit gets a BusyError. */
export class Mutex {
  private held = false;
  private readonly waiting: { grant: () => void }[] = [];

  /**
   * @param limitMs how long to wait at most; undefined: as long as it takes
   * @returns what gives it back; calling it twice does nothing more
   */
  async acquire(limitMs?: number): Promise<() => void> {
    if (this.held) await this.wait(limitMs);
    this.held = true;
    let released = false;
    return () => {
      if (released) return;
      released = true;
      // Handed over without opening in between, so that nobody overtakes the first in line.
      const next = this.waiting.shift();
      if (next) next.grant();
      else this.held = false;
    };
  }

  private wait(limitMs: number | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        this.waiting.splice(this.waiting.indexOf(entry), 1);
        reject(new BusyError());
      };
      const timer = limitMs === undefined ? undefined : setTimeout(giveUp, limitMs);
      const entry = {
        grant: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      this.waiting.push(entry);
    });
  }
}
