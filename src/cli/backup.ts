import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { resolve } from 'node:path';
import { ConfigError, loadDatabaseConfig, readEnvironment } from '../config/config.js';
import { backUpTo } from '../upgrade/backup.js';
import { describeContents, describeSize } from '../upgrade/database-contents.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { ProgressLine } from './progress-line.js';

const USAGE = `Copies the database, and checks the copy.

  npm run backup                 to <database>.backup-<UTC time>
  npm run backup -- FILE         to FILE, which must not be there yet, or into the folder FILE

The database is the one of DATABASE_URL; a service may go on using it. The copy holds what was committed when it
began, in one file. The exit status is 0, or 2 when there is no copy.`;

/** What is wrong with the command line. */
class UsageError extends Error {}

async function main(): Promise<number> {
  try {
    const { help, file } = readArguments();
    if (help) console.log(USAGE);
    else await backup(file);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) console.error(`${error.message}\n\n${USAGE}`);
    else if (error instanceof ConfigError) console.error(error.message);
    else if (error instanceof MigrationRefusedError) console.error(`[ERROR] ${error.message}`);
    else console.error(`[ERROR] There is no backup: ${(error as Error).stack}`);
    return 2;
  }
}

function readArguments() {
  try {
    const { positionals, values } = parseArgs({
      allowPositionals: true,
      options: { help: { type: 'boolean', short: 'h', default: false } },
    });
    if (positionals.length > 1) throw new Error(`Unexpected: ${positionals.slice(1).join(' ')}`);
    return { file: positionals[0] as string | undefined, help: values.help };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function backup(file: string | undefined): Promise<void> {
  const { path } = loadDatabaseConfig(readEnvironment());
  const line = new ProgressLine(process.stderr);
  try {
    const progress = (done: number, total: number) => line.show(done, total, 'pages copied');
    const target = await backUpTo(path, file === undefined ? undefined : resolve(file), progress);
    line.clear();
    console.log(`[BACKUP] ${describeSize(statSync(target).size)}: ${describeContents(target)}`);
    console.log(`[SUCCESS] ${target}`);
  } finally {
    line.clear();
  }
}

process.exitCode = await main();
