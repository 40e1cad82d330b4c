import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Config, loadDatabaseConfig, readEnvironment } from '../config/config.js';
import { allVaults, checkVault } from '../upgrade/all-vaults.js';
import { withImports } from '../upgrade/import/import-database.js';
import { ImportLedger } from '../upgrade/import/import-ledger.js';
import { ClosedVaultError, ImportRunner, inVault } from '../upgrade/import/import-run.js';
import { ImportUndo } from '../upgrade/import/import-undo.js';
import { VaultPlan } from '../upgrade/import/vault-plan.js';
import { migrateDatabase } from '../upgrade/migrate-database.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { UsageError } from './command.js';
import { withCopy } from './dry-run.js';
import type { ImportArguments } from './import-options.js';
import { count, describeImport, describeRun, summaryOf } from './import-report.js';
import { openGiven } from './import-source.js';
import type { Print } from './migrate-output.js';
import { ProgressLine } from './progress-line.js';

type Database = Config['database'];

async function importFile(
  database: Database,
  args: Extract<ImportArguments, { command: 'import' }>,
  print: Print,
): Promise<number> {
  const line = new ProgressLine(process.stderr);
  const { source, close } = await openGiven(args, print);
  for (const note of source.notes ?? []) print(`[IMPORT] ${note}`);
  try {
    return await withImports(database, process.env, async (app) => {
      const vaults = new VaultPlan(args.vault, args.singleVault, args.vaultMap, source.vaultPrefix);
      const progress = (done: number) => line.show(done, source.size, `${source.unit} read`);
      const report = await app.get(ImportRunner).run(source, { vaults, progress });
      line.clear();
      for (const said of describeImport(report)) print(said);
      if (report.vaults.some(({ problems }) => problems.length > 0)) return 1;
      print(`[SUCCESS] ${summaryOf(report)}`);
      return 0;
    });
  } catch (error) {
    line.clear();
    return failed(error, 'Not all was imported');
  } finally {
    line.clear();
    close();
  }
}

/** In a copy of the database; of PostgreSQL's there is none, and an empty one stands in. */
async function rehearse(
  database: Database,
  args: Extract<ImportArguments, { command: 'import' }>,
): Promise<number> {
  const print: Print = (line) => console.log(line.replace(/^\[\w+\]/, '[DRY RUN]'));
  const onCopy = (path: string) => importFile({ ...SQLITE, path, url: `sqlite:${path}` }, args, print);
  if (database.kind === 'sqlite') {
    const status = await withCopy(database.path, onCopy);
    if (status === 0) print('[DRY RUN] Nothing was changed: all of this was done to a copy, which is gone.');
    return status;
  }
  const folder = mkdtempSync(join(tmpdir(), 'cairn-dry-run-'));
  try {
    const path = join(folder, 'cairn.sqlite');
    await migrateDatabase({ path });
    const status = await onCopy(path);
    if (status === 0) {
      print(
        '[DRY RUN] Nothing was changed: all of this was done to an empty database, which is gone. Ids that the',
      );
      print('[DRY RUN] vault already has may make a difference.');
    }
    return status;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const SQLITE = { kind: 'sqlite', source: 'dry run' } as const;

async function status(database: Database, vault: string | undefined): Promise<number> {
  return withImports(database, process.env, async (app) => {
    let found = 0;
    for await (const vaultId of await vaultsOf(database, vault)) {
      for (const run of await inVault(vaultId, () => app.get(ImportLedger).list())) {
        console.log(describeRun(run, vaultId));
        found += 1;
      }
    }
    if (found === 0) console.log('There are no imports.');
    return 0;
  });
}

async function undo(database: Database, importId: string, vault: string | undefined): Promise<number> {
  const line = new ProgressLine(process.stderr);
  try {
    return await withImports(database, process.env, async (app) => {
      const found: string[] = [];
      for await (const vaultId of await vaultsOf(database, vault)) {
        if (await inVault(vaultId, () => app.get(ImportLedger).find(importId))) found.push(vaultId);
      }
      if (found.length === 0 || importId === 'adoption') {
        throw new MigrationRefusedError(
          `There is no import ${importId}: npm run import -- --status lists them.`,
        );
      }
      for (const vaultId of found) {
        let rows = 0;
        const progress = (more: number) => line.show((rows += more), rows, 'rows undone');
        const report = await app.get(ImportUndo).undo(vaultId, importId, progress);
        line.clear();
        const { memories = 0, changed = 0, others = 0 } = report ?? {};
        console.log(
          `[IMPORT] Vault ${vaultId}: ${count(memories, 'memory', 'memories')} taken away` +
            `${changed > 0 ? `, ${changed} of them changed since` : ''}; ${count(others, 'other row')}`,
        );
      }
      console.log(`[SUCCESS] The import ${importId} is undone.`);
      return 0;
    });
  } catch (error) {
    line.clear();
    return failed(error, 'Not all was undone');
  } finally {
    line.clear();
  }
}

async function vaultsOf(
  database: Database,
  vault: string | undefined,
): Promise<AsyncIterable<string> | string[]> {
  if (vault === undefined) return allVaults(database);
  await checkVault(database, vault);
  return [vault];
}

/** @returns the exit status of what was stopped in its midst */
function failed(error: unknown, what: string): number {
  if (error instanceof MigrationRefusedError || error instanceof UsageError) throw error;
  const { name, message, stack } = error as Error;
  const reason =
    name === 'BusyError'
      ? 'Another process keeps the database for itself.'
      : error instanceof ClosedVaultError
        ? message
        : stack;
  console.error(`[ERROR] ${what}; run it again to go on. ${reason}`);
  return 1;
}

/** @returns the exit status */
export function execute(args: Exclude<ImportArguments, { command: 'help' }>): Promise<number> {
  const database = loadDatabaseConfig(readEnvironment());
  if (args.command === 'status') return status(database, args.vault);
  if (args.command === 'undo') return undo(database, args.importId, args.vault);
  return args.dryRun ? rehearse(database, args) : importFile(database, args, console.log);
}
