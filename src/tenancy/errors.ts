/**
 * A statement that would have touched tenant data without, or beside, the running scope. It is a fault in
 * our own code, never a client's: nothing was sent to the database.
 */
export class TenancyViolationError extends Error {
  override readonly name = 'TenancyViolationError';
}
