import { BusyError } from '../database/busy.error.js';
import { MigrationRefusedError } from './migration-refused.error.js';

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

/** What `work` comes to, for a command that leaves nothing half-done. @throws MigrationRefusedError where the database is busy */
export async function refuseBusy<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if ((error as Error).name !== 'BusyError') throw error;
    throw new MigrationRefusedError('Another process keeps the database for itself. Run this again.');
  }
}
