import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { ConfigError, loadDatabaseConfig, readEnvironment } from '../config/config.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { reindexDatabase } from '../upgrade/reindex-database.js';
import { isVaultId } from '../vaults/vault-id.js';
import { ProgressLine } from './progress-line.js';
import { describeReindex } from './reindex-report.js';
import { UsageError } from './usage.error.js';

const USAGE = `Rebuilds the index that searches use, from the memories, where it is not what this version writes.

  npm run reindex                     in every vault
  npm run reindex -- --vault ID       in one vault
  npm run reindex -- --all            also where it looks sound

The database is the one of DATABASE_URL; a service may go on using it. It can be stopped at any time: run it again,
and it goes on. The exit status is 0 when the index is up to date, 1 when it is not, 2 when nothing was done.`;

async function main(): Promise<number> {
  try {
    const options = readArguments();
    if (options.help) console.log(USAGE);
    else await reindex(options);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
    else if (error instanceof ConfigError) console.error(error.message);
    else if (error instanceof MigrationRefusedError) console.error(`[ERROR] ${error.message}`);
    else {
      const { name, stack } = error as Error;
      const again = name === 'BusyError' ? 'Another process keeps the database for itself.' : stack;
      console.error(`[ERROR] Not all was indexed; run it again to go on. ${again}`);
      return 1;
    }
    return 2;
  }
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        vault: { type: 'string' },
        all: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function reindex({ vault, all }: ReturnType<typeof readArguments>): Promise<void> {
  if (vault !== undefined && !isVaultId(vault)) {
    throw new UsageError(
      '--vault must be 1 to 128 letters, digits, ".", "_", ":" or "-", the first a letter or digit.',
    );
  }
  const { path } = loadDatabaseConfig(readEnvironment());
  const line = new ProgressLine(process.stderr);
  try {
    const progress = (done: number, total: number) => line.show(done, total, 'memories looked at');
    const report = await reindexDatabase({ path, vaultId: vault, all, progress });
    line.clear();
    console.log(`[SUCCESS] ${describeReindex(report)}`);
  } finally {
    line.clear();
  }
}

process.exitCode = await main();
