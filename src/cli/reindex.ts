import 'reflect-metadata';
import { loadDatabaseConfig, readEnvironment } from '../config/config.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { reindexDatabase } from '../upgrade/reindex-database.js';
import { readCommandLine, readVaultId, runCommand } from './command.js';
import { ProgressLine } from './progress-line.js';
import { describeReindex } from './reindex-report.js';

const USAGE = `Rebuilds the index that searches use, from the memories, where it is not what this version writes.

  npm run reindex                     in every vault
  npm run reindex -- --vault ID       in one vault
  npm run reindex -- --all            also where it looks sound

The database is the one of DATABASE_URL; a service may go on using it. On PostgreSQL, DATABASE_OPERATOR_URL or
DATABASE_MIGRATOR_URL names the role that sees which vaults there are. It can be stopped at any time: run it again,
and it goes on. The exit status is 0 when the index is up to date, 1 when it is not, 2 when nothing was done.`;

async function reindex(vaultId: string | undefined, all: boolean): Promise<number> {
  const database = loadDatabaseConfig(readEnvironment());
  const line = new ProgressLine(process.stderr);
  try {
    const progress = (done: number, total: number) => line.show(done, total, 'memories looked at');
    const report = await reindexDatabase({ database, vaultId, all, progress });
    line.clear();
    console.log(`[SUCCESS] ${describeReindex(report)}`);
    return 0;
  } catch (error) {
    if (error instanceof MigrationRefusedError) throw error;
    line.clear();
    const { name, stack } = error as Error;
    const reason = name === 'BusyError' ? 'Another process keeps the database for itself.' : stack;
    console.error(`[ERROR] Not all was indexed; run it again to go on. ${reason}`);
    return 1;
  } finally {
    line.clear();
  }
}

process.exitCode = await runCommand({ usage: USAGE, failed: 'Nothing was indexed' }, () => {
  const { values } = readCommandLine({
    options: {
      vault: { type: 'string' },
      all: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  return reindex(values.vault === undefined ? undefined : readVaultId(values.vault), values.all);
});
