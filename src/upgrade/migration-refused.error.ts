/** A migration that was not begun, or was undone: the message says why and what to do, for a person. */
export class MigrationRefusedError extends Error {
  override readonly name = 'MigrationRefusedError';
}
