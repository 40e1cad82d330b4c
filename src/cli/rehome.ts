import 'reflect-metadata';
import { runCommand } from './command.js';
import { USAGE, readRehomeArguments } from './rehome-options.js';

process.exitCode = await runCommand({ usage: USAGE, failed: 'Nobody was moved' }, async () => {
  const args = readRehomeArguments();
  if (args === 'help') return console.log(USAGE);
  // Most of the service comes with it, which a mistake in the command line can do without.
  const { execute } = await import('./rehome-command.js');
  return execute(args);
});
