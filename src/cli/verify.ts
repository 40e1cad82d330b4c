import 'reflect-metadata';
import { verifyDatabase } from '../upgrade/verify-database.js';
import { readCommandLine, readVaultId, runCommand, sqliteFile } from './command.js';
import { ProgressLine } from './progress-line.js';

const USAGE = `Looks the database through, and changes nothing.

  npm run verify                      all vaults
  npm run verify -- --vault ID        the rows of one vault

The file itself, the schema, the records of migrations, the counters, references that lead nowhere, the recall index
against the memories, and that every statement of the service searches by an index that begins with vault_id. The
database is the one of DATABASE_URL; a service may go on using it. The exit status is 0 when all is well, 1 when
something is not, each on a line of its own, and 2 when it could not be looked at.`;

async function verify(vaultId: string | undefined): Promise<number> {
  const path = sqliteFile('run pg_amcheck; what migration:run does is verified as it is done');
  const line = new ProgressLine(process.stderr);
  try {
    const { findings, vaults, positions, statements } = await verifyDatabase({
      path,
      vaultId,
      onFinding: (check, message) => line.above(() => console.log(`[${check.toUpperCase()}] ${message}`)),
      progress: (done, total, what) => line.show(done, total, what),
    });
    line.clear();
    const looked = `Looked at: ${vaults} ${vaults === 1 ? 'vault' : 'vaults'}, ${positions} positions of memories, ${statements} statements of the service.`;
    if (findings === 0) console.log(`[SUCCESS] All is well. ${looked}`);
    else
      console.log(`[FAILED] ${findings} ${findings === 1 ? 'thing is' : 'things are'} not well. ${looked}`);
    return findings === 0 ? 0 : 1;
  } finally {
    line.clear();
  }
}

process.exitCode = await runCommand({ usage: USAGE, failed: 'It could not be looked at' }, () => {
  const { values } = readCommandLine({
    options: { vault: { type: 'string' }, help: { type: 'boolean', short: 'h', default: false } },
  });
  if (values.help) return console.log(USAGE);
  return verify(values.vault === undefined ? undefined : readVaultId(values.vault));
});
