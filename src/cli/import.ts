import 'reflect-metadata';
import { runCommand } from './command.js';
import { USAGE, readImportArguments } from './import-options.js';
import { keepHeapSmall } from './small-heap.js';

process.exitCode = await runCommand({ usage: USAGE, failed: 'Nothing was imported' }, async () => {
  const args = readImportArguments();
  if (args.command === 'help') return console.log(USAGE);
  keepHeapSmall();
  // Most of the service comes with it, which a mistake in the command line can do without.
  const { execute } = await import('./import-commands.js');
  return execute(args);
});
