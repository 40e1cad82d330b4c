import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { backUpTo } from '../upgrade/backup.js';
import { describeContents, describeSize } from '../upgrade/database-contents.js';
import { readFileArgument, runCommand, sqliteFile } from './command.js';
import { ProgressLine } from './progress-line.js';

const USAGE = `Copies the database, and checks the copy.

  npm run backup                 to <database>.backup-<UTC time>
  npm run backup -- FILE         to FILE, which must not be there yet, or into the folder FILE

The database is the one of DATABASE_URL; a service may go on using it. The copy holds what was committed when it
began, in one file. The exit status is 0, or 2 when there is no copy.`;

async function backup(file: string | undefined): Promise<void> {
  const path = sqliteFile('run pg_dump --schema=<schema> as the backup role');
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

process.exitCode = await runCommand({ usage: USAGE, failed: 'There is no backup' }, () => {
  const { help, file } = readFileArgument();
  return help ? console.log(USAGE) : backup(file);
});
