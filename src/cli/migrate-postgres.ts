import { steps as allSteps } from '../../migrations/chain.js';
import type { PostgresConfig } from '../config/postgres-config.js';
import { migratePostgres } from '../upgrade/postgres/migrate-postgres.js';
import { contextOf, migratorOf, withClient } from '../upgrade/postgres/migrator.js';
import { findOldSchema, namesIn } from '../upgrade/postgres/openmemory/old-tables.js';
import { readPostgresState } from '../upgrade/postgres/postgres-state.js';
import { UsageError } from './command.js';
import { fillIndex } from './fill-index.js';
import type { MigrateArguments } from './migrate-options.js';
import { requestOf, showSteps, showVaults, withProgress } from './migrate-output.js';

/** The migration commands where the database is on a PostgreSQL server. */
export async function executeOnPostgres(
  database: PostgresConfig,
  options: MigrateArguments,
): Promise<number | void> {
  const { command } = options;
  if (command === 'show') return show(database);
  if (command === 'run') return run(database, options);
  if (command === 'revert') return revert(database);
  throw new UsageError(`There is no command "${command}".`);
}

/** @returns the exit status: 1 where the schema is migrated, and the recall index is not filled */
async function run(database: PostgresConfig, { to, dryRun, adoption }: MigrateArguments): Promise<number> {
  const print = dryRun
    ? (line: string) => console.log(line.replace(/^\[\w+\]/, '[DRY RUN]'))
    : (line: string) => console.log(line);
  // The lines of the guides for OpenMemory, which scripts look for, whosever database it is.
  print('OpenMemory Database Migration Tool');
  print('[MIGRATE] Checking for pending migrations...');
  const { steps, version, adopted } = await withProgress(print, (output) =>
    migratePostgres({ database, to, dryRun, adoption, ...output }),
  );
  if (adopted) showVaults(adopted, print);
  print(steps.length > 0 ? '[MIGRATE] All migrations completed' : '[MIGRATE] No migrations are pending');
  const isNewest = version === allSteps.at(-1)!.version;
  if (isNewest && !dryRun && !(await fillIndex(database, print))) return 1;
  print('[SUCCESS] Migration completed');
  if (adopted && !dryRun) print(requestOf(adopted));
  if (dryRun) {
    console.log(`[DRY RUN] The schema ${database.schema} was not changed: all of this was undone.`);
  }
  return 0;
}

async function revert(database: PostgresConfig): Promise<void> {
  const { steps, version } = await withProgress(console.log, (output) =>
    migratePostgres({ database, direction: 'revert', ...output }),
  );
  if (steps.length === 0) console.log('[MIGRATE] No migration is applied: nothing to revert');
  else console.log(`[SUCCESS] The database is at version ${version}`);
}

async function show(database: PostgresConfig): Promise<void> {
  const context = contextOf(database, 'DATABASE_MIGRATOR_URL');
  const { applied, times } = await withClient(migratorOf(database), context, async (client) => {
    const old = await findOldSchema(client, database.openMemory);
    return readPostgresState(client, database.schema, namesIn(old, database.schema));
  });
  showSteps(applied, times);
}
