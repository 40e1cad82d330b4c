/** The disk or the database's size limit is reached: reads go on, writes are answered 507. */
export class StorageFullError extends Error {
  override readonly name = 'StorageFullError';
  constructor() {
    super('The database has no room left');
  }
}
