import { runCommand } from './command.js';
import { USAGE, readFlagsArguments } from './flags-options.js';

const status = await runCommand({ usage: USAGE, failed: 'The flags could not be listed' }, async () => {
  const args = readFlagsArguments();
  if (args === 'help') return console.log(USAGE);
  const { listFlags } = await import('./flags-command.js');
  return listFlags(args);
});
// A provider may have left something running.
process.exit(status);
