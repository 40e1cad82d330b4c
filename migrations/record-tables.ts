/** TypeORM's record of the migrations that were applied. */
export const MIGRATIONS_TABLE = 'migrations';
/** What people and other programs read: the version the schema has. OpenMemory has one of that name too. */
export const VERSION_TABLE = 'schema_version';

/** Tables that tell which migrations were applied to a database of ours. */
export const RECORD_TABLES: readonly string[] = [MIGRATIONS_TABLE, VERSION_TABLE];
