/**
 * The database could not take the work in time: another process holds it, or too much is waiting. Answered
 * as 503 with Retry-After and nothing else, since load is all it may tell.
 */
export class BusyError extends Error {
  override readonly name = 'BusyError';
  constructor(readonly retryAfterSeconds = 1) {
    super('The database is busy');
  }
}
