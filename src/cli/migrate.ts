import { loadDatabaseConfig, readEnvironment } from '../config/config.js';
import { migrateDatabase } from '../upgrade/migrate-database.js';
import { readState } from '../upgrade/plan.js';
import { readAppliedTimes } from '../upgrade/schema-version.js';
import { UsageError, runCommand } from './command.js';
import { withCopy } from './dry-run.js';
import { fillIndex } from './fill-index.js';
import { type MigrateArguments, readArguments, USAGE } from './migrate-options.js';
import { type Print, requestOf, showSteps, showVaults, withProgress } from './migrate-output.js';
import { executeOnPostgres } from './migrate-postgres.js';

async function execute(options: MigrateArguments): Promise<number | void> {
  const { command, dryRun } = options;
  const database = loadDatabaseConfig(readEnvironment());
  if (database.kind === 'postgres') return executeOnPostgres(database, options);
  const { path } = database;
  if (command === 'show') return show(path);
  if (command === 'run') return dryRun ? rehearse(path, options) : run(path, options, console.log);
  if (command === 'revert') return revert(path, options);
  throw new UsageError(`There is no command "${command}".`);
}

/** @returns the exit status: 1 where the schema is migrated, and the recall index is not filled */
async function run(path: string, options: MigrateArguments, print: Print): Promise<number> {
  // The lines of the guides for OpenMemory, which scripts look for, whosever database it is.
  print('OpenMemory Database Migration Tool');
  print('[MIGRATE] Checking for pending migrations...');
  const { to, backup, adoption } = options;
  const report = await withProgress(print, (output) =>
    migrateDatabase({ path, to, backup, adoption, ...output }),
  );
  const { adopted } = report;
  if (adopted) showVaults(adopted, print);
  const isNew = report.steps.length > 0;
  print(isNew ? '[MIGRATE] All migrations completed' : '[MIGRATE] No migrations are pending');
  if (readState(path).pending.length === 0 && !(await fillIndex({ kind: 'sqlite', path }, print))) return 1;
  print('[SUCCESS] Migration completed');
  if (adopted) print(requestOf(adopted));
  return 0;
}

async function rehearse(path: string, options: MigrateArguments): Promise<number> {
  readState(path); // Refuses another program's file before it is copied.
  const status = await withCopy(path, (copy) =>
    run(copy, { ...options, backup: false }, (line) => {
      if (!line.startsWith('curl')) console.log(line.replace(/^\[\w+\]/, '[DRY RUN]'));
    }),
  );
  if (status === 0) {
    console.log(`[DRY RUN] ${path} was not changed: all of this was done to a copy, which is gone.`);
  }
  return status;
}

async function revert(path: string, { backup }: MigrateArguments): Promise<void> {
  const { steps: reverted, version } = await withProgress(console.log, (output) =>
    migrateDatabase({ path, direction: 'revert', backup, ...output }),
  );
  if (reverted.length === 0) console.log('[MIGRATE] No migration is applied: nothing to revert');
  else console.log(`[SUCCESS] The database is at version ${version}`);
}

function show(path: string): void {
  showSteps(readState(path).applied, readAppliedTimes(path));
}

process.exitCode = await runCommand({ usage: USAGE, failed: 'The migration failed and was undone' }, () => {
  const options = readArguments();
  return options.help ? console.log(USAGE) : execute(options);
});
