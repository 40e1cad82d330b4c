import { BusyError } from '../busy.error.js';
import { StorageFullError } from '../storage-full.error.js';

/** SQLSTATEs that say: not now. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const NOT_NOW: ReadonlySet<string> = new Set([
  '25P03', // idle_in_transaction_session_timeout
  '25P04', // transaction_timeout
  '25006', // read_only_sql_transaction: this server is a standby now
  '40001', // serialization_failure
  '40P01', // deadlock_detected
  '53000',
  '53200', // out_of_memory
  '53300', // too_many_connections
  '55P03', // lock_not_available
  '57014', // query_canceled: statement_timeout
  '57P01', // admin_shutdown
  '57P02', // crash_shutdown
  '57P03', // cannot_connect_now
  '57P05', // idle_session_timeout
]);

const DISK_FULL = '53100';

/** What pg says without a code where a connection has gone, or none was to be had in time. */
const LOST =
  /^(?:Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Client was closed|Query read timeout|Connection ended)/;

/** Whether the connection that gave this error cannot be used any more. */
export function isLost(error: unknown): boolean {
  const { code, message } = error as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && /^(?:08|57P0|25P03|25006)|^E[A-Z_]+$/.test(code)) return true;
  return typeof message === 'string' && LOST.test(message);
}

/** What the service makes of an error of the driver's: a lost or an overloaded server is an occasion to wait. */
export function databaseFailure(error: unknown): unknown {
  const { code } = error as { code?: unknown };
  if (code === DISK_FULL) return new StorageFullError();
  if ((typeof code === 'string' && NOT_NOW.has(code)) || isLost(error)) return new BusyError();
  return error;
}
