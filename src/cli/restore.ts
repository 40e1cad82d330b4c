import { resolve } from 'node:path';
import { nameHolders } from '../upgrade/file-holders.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { recognise } from '../upgrade/recognise.js';
import { restoreDatabase } from '../upgrade/restore-database.js';
import { UsageError, readFileArgument, runCommand, sqliteFile } from './command.js';
import { ProgressLine } from './progress-line.js';

const USAGE = `Puts a copy of a backup in the place of the database, which is kept beside it.

  npm run restore -- FILE        FILE: a database of Cairn or OpenMemory, whole, and not of a newer version

The database is the one of DATABASE_URL; the service must not run. The former one is kept as
<database>.before-restore-<UTC time>. Whatever ends this command, there is the one or the other. The exit status is
0, or 2 when nothing was changed.`;

async function restore(from: string): Promise<void> {
  const path = sqliteFile('run pg_restore');
  const line = new ProgressLine(process.stderr);
  try {
    const { kept, late } = await restoreDatabase({
      path,
      from,
      log: (text) => line.above(() => console.log(text)),
      progress: (done, total, what) => line.show(done, total, what),
    });
    line.clear();
    const names = nameHolders(late);
    if (names) {
      console.log(
        `[RESTORE] Stop ${names}: the former database was opened in the last moment, and is written to in vain.`,
      );
    }
    console.log(`[SUCCESS] ${path} is restored.`);
    console.log(`Next: ${nextStep(path)}`);
    if (kept) console.log(`To undo it: npm run restore -- ${kept}`);
  } catch (error) {
    throw refusal(error);
  } finally {
    line.clear();
  }
}

function nextStep(path: string): string {
  const { kind, state } = recognise(path);
  if (kind !== 'cairn') return 'npm run migration:run, which takes it over.';
  if (state && state.pending.length > 0) {
    return 'npm run migration:run, which brings it to this version; npm start does that too.';
  }
  return 'npm run verify, and npm start.';
}

/** Says of a refusal that it was one. */
function refusal(error: unknown): unknown {
  if (!(error instanceof MigrationRefusedError)) return error;
  return new MigrationRefusedError(`${error.message.replace(/\.?$/, '.')} Nothing was changed.`);
}

process.exitCode = await runCommand({ usage: USAGE, failed: 'Nothing was restored' }, () => {
  const { help, file } = readFileArgument();
  if (help) return console.log(USAGE);
  if (file === undefined) throw new UsageError('Which file is to be restored?');
  return restore(resolve(file));
});
