import { parseArgs } from 'node:util';
import { steps } from '../../migrations/chain.js';
import { ConfigError, loadDatabaseConfig, readEnvironment } from '../config/config.js';
import { type MigrationReport, migrateDatabase } from '../upgrade/migrate-database.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { planRun, readState } from '../upgrade/plan.js';
import { readAppliedTimes } from '../upgrade/schema-version.js';
import { ProgressLine } from './progress-line.js';
import { describeReindex } from './reindex-report.js';

const USAGE = `Brings the database's schema up to this version, or back.

  npm run migration:run                          all migrations that are missing
  npm run migration:run -- --migration=NAME      those up to NAME (or a version, such as 1.2.0)
  npm run migration:run -- --dry-run             says which those would be
  npm run migration:run -- --no-backup           without copying the database first
  npm run migration:revert [-- --no-backup]      takes the newest migration back
  npm run migration:show                         lists them

The database is the one of DATABASE_URL. On any error nothing has changed, and the exit status is 2. After a
run the recall index is filled; where that fails the exit status is 1.`;

/** What is wrong with the command line. */
class UsageError extends Error {}

/** The schema is migrated, and the recall index is not filled. */
class IndexNotFilledError extends Error {}

async function main(): Promise<number> {
  try {
    const { command, options } = readArguments();
    if (options.help) console.log(USAGE);
    else await execute(command, loadDatabaseConfig(readEnvironment()).path, options);
    return 0;
  } catch (error) {
    if (error instanceof IndexNotFilledError) {
      console.error(`[ERROR] ${error.message}`);
      return 1;
    }
    if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
    else if (error instanceof ConfigError) console.error(error.message);
    else if (error instanceof MigrationRefusedError) console.error(`[ERROR] ${error.message}`);
    else console.error(`[ERROR] The migration failed and was undone: ${(error as Error).stack}`);
    return 2;
  }
}

type Options = ReturnType<typeof readArguments>['options'];

function readArguments() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: {
        migration: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
        'no-backup': { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (positionals.length > 1) throw new Error(`Unexpected: ${positionals.slice(1).join(' ')}`);
    return { command: positionals[0] ?? 'run', options: values };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function execute(command: string, path: string, options: Options): Promise<void> {
  if (command !== 'run' && (options.migration !== undefined || options['dry-run'])) {
    throw new UsageError(`--migration and --dry-run go with "run", not with "${command}".`);
  }
  if (command === 'show') show(path);
  else if (command === 'run' && options['dry-run']) dryRun(path, options.migration);
  else if (command === 'run') await run(path, options);
  else if (command === 'revert') await revert(path, options);
  else throw new UsageError(`There is no command "${command}".`);
}

async function run(path: string, options: Options): Promise<void> {
  console.log('Cairn Database Migration Tool');
  console.log('[MIGRATE] Checking for pending migrations...');
  const { steps: applied } = await withProgress((output) =>
    migrateDatabase({ path, to: options.migration, backup: !options['no-backup'], ...output }),
  );
  console.log(
    applied.length > 0 ? '[MIGRATE] All migrations completed' : '[MIGRATE] No migrations are pending',
  );
  if (readState(path).pending.length === 0) await fillIndex(path);
  console.log('[SUCCESS] Migration completed');
}

/** Rows that a migration took over, and what an older version indexed, are not found by searches before. */
async function fillIndex(path: string): Promise<void> {
  const line = new ProgressLine(process.stderr);
  const progress = (done: number, total: number) => line.show(done, total, 'memories looked at');
  try {
    // Most of the service comes with it, which the other commands do without.
    const { reindexDatabase } = await import('../upgrade/reindex-database.js');
    const report = await reindexDatabase({ path, progress });
    line.clear();
    if (report.memories > 0) console.log(`[MIGRATE] Recall index: ${describeReindex(report)}`);
  } catch (error) {
    throw new IndexNotFilledError(
      `The migration is done, but the recall index is not filled (${(error as Error).message}): ` +
        'run `npm run reindex`, or start the service, which fills it while it runs.',
    );
  } finally {
    line.clear();
  }
}

async function revert(path: string, options: Options): Promise<void> {
  const { steps: reverted, version } = await withProgress((output) =>
    migrateDatabase({ path, direction: 'revert', backup: !options['no-backup'], ...output }),
  );
  if (reverted.length === 0) console.log('[MIGRATE] No migration is applied: nothing to revert');
  else console.log(`[SUCCESS] The database is at version ${version}`);
}

function dryRun(path: string, to: string | undefined): void {
  const { steps: pending } = planRun(path, to);
  for (const { version, title } of pending)
    console.log(`[MIGRATE] Would run migration: ${version} - ${title}`);
  if (pending.length === 0) console.log('[MIGRATE] No migrations are pending');
}

function show(path: string): void {
  const { applied } = readState(path);
  const times = readAppliedTimes(path);
  for (const step of steps) {
    const at = times.get(step.version);
    const when = at === undefined ? '' : `  ${new Date(at).toISOString()}`;
    console.log(
      `[${applied.includes(step) ? 'X' : ' '}] ${step.version}  ${step.name}  ${step.title}${when}`,
    );
  }
}

async function withProgress(
  migrate: (output: {
    log: (line: string) => void;
    progress: (done: number, total: number, what: string) => void;
  }) => Promise<MigrationReport>,
): Promise<MigrationReport> {
  const line = new ProgressLine(process.stderr);
  try {
    return await migrate({
      log: (text) => line.above(() => console.log(text)),
      progress: (done, total, what) => line.show(done, total, what),
    });
  } finally {
    line.clear();
  }
}

process.exitCode = await main();
