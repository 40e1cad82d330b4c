import { copyStates } from '../states-on-disk.js';

// Runs `npm run migration:run` on the file argv[2], and copies what a kill might leave into the folder argv[3].

const [, , path, folder] = process.argv;
const printStates = copyStates(path, folder);
process.env.DATABASE_URL = `sqlite:${path}`;
process.argv.splice(2, 2, 'run', '--no-backup');
await import('../../../src/cli/migrate.js');
printStates();
