import { BusyError } from '../database/busy.error.js';

/** How often it is tried where another process keeps the database for itself. */
const ATTEMPTS = 5;

/** Tries work again that the database was too busy for. What was done before stays done, so that it goes on. */
export async function whileBusy<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BusyError) || attempt === ATTEMPTS) throw error;
    }
  }
}
