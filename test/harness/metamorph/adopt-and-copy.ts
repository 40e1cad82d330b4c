import { copyStates } from '../states-on-disk.js';

// Runs `npm run tenancy:adopt` on the file argv[2] with the arguments argv[4] and after, and copies what a kill might
// leave into the folder argv[3].

const [, , path, folder] = process.argv;
const printStates = copyStates(path, folder);
process.argv.splice(2, 2, '--database', path);
await import('../../../src/cli/tenancy-adopt.js');
printStates();
