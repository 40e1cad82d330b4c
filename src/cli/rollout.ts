import 'reflect-metadata';
import { runCommand } from './command.js';
import { USAGE, readRolloutArguments } from './rollout-options.js';

process.exitCode = await runCommand({ usage: USAGE, failed: 'It could not be looked at' }, async () => {
  const args = readRolloutArguments();
  if (args === 'help') return console.log(USAGE);
  // Most of the service comes with it, which a mistake in the command line can do without.
  const { execute } = await import('./rollout-command.js');
  return execute(args);
});
