import type { AnyDatabase } from './all-vaults.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { readState } from './plan.js';
import { checkPostgres } from './postgres/prepare-postgres.js';
import { isAbsentOrEmpty } from './sqlite-file.js';

/** @throws MigrationRefusedError when the database does not have the tables of this version */
export async function checkSchema(database: AnyDatabase): Promise<void> {
  if (database.kind === 'postgres') return void (await checkPostgres(database));
  const { path } = database;
  if (isAbsentOrEmpty(path) || readState(path).pending.length > 0) throw tablesMissing(path);
}

/** The tables of this version are not there yet. */
export function tablesMissing(path: string): MigrationRefusedError {
  return new MigrationRefusedError(
    `${path} does not have the tables of this version yet. Run \`npm run migration:run\` first.`,
  );
}
