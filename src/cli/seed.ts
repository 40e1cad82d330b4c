import 'reflect-metadata';
import { readCommandLine, readVaultId, runCommand } from './command.js';

const USAGE = `Puts sample data into a vault: three collections (youtube-scripts, crm-notes, personal) with memories of
several users and languages, conversations, and waypoints between them.

  npm run seed                        into the vault dev-vault
  npm run seed -- --vault test        into another
  npm run seed -- --remove            takes it away again

Run again it adds nothing. What somebody has changed since or added stays when it is taken away, and is named. The
database is the one of DATABASE_URL, on PostgreSQL as the role of DATABASE_MIGRATOR_URL. The exit status is 0, and 2
when nothing was done.`;

process.exitCode = await runCommand({ usage: USAGE, failed: 'Nothing was done' }, async () => {
  const { values } = readCommandLine({
    options: {
      vault: { type: 'string', default: 'dev-vault' },
      remove: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return console.log(USAGE);
  const vault = readVaultId(values.vault);
  // Most of the service comes with it, which a mistake in the command line can do without.
  const { add, remove } = await import('./seed-command.js');
  return values.remove ? remove(vault) : add(vault);
});
