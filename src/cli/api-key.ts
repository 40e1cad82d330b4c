import 'reflect-metadata';
import { USAGE, readApiKeyArguments } from './api-key-options.js';
import { runCommand } from './command.js';

process.exitCode = await runCommand({ usage: USAGE, failed: 'It was not done' }, async () => {
  const args = readApiKeyArguments();
  if (args === 'help') return console.log(USAGE);
  // Most of the service comes with it, which a mistake in the command line can do without.
  const { execute } = await import('./api-key-command.js');
  return execute(args);
});
