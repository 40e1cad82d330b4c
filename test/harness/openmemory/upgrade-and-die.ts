import { dieBeforeStatement, statementsExecuted } from '../die-before-statement.js';

// Runs `npm run migration:run` on the file argv[2], and kills itself before its SQLite statement number argv[3], if
// there are as many. Says at the end how many there were.

const [, , path, statement] = process.argv;
process.env.DATABASE_URL = `sqlite:${path}`;
process.argv.splice(2, 2, 'run', '--no-backup');
dieBeforeStatement(Number(statement));
await import('../../../src/cli/migrate.js');
console.log(`statements: ${statementsExecuted()}`);
