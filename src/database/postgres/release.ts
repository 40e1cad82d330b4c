import type { PoolClient } from 'pg';

/** What the server says of a connection that is in no transaction. */
const IDLE = 'I';

/**
 * Gives a connection back to its pool. One that is lost, or that the server did not last say to be out of any
 * transaction, is closed instead: the next vault must not find a trace of this one.
 */
export function release(client: PoolClient, lost = false): void {
  client.release(lost || client.getTransactionStatus() !== IDLE);
}
