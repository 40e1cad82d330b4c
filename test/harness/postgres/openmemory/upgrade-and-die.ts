import { dieBeforeStatement, statementsExecuted } from '../../die-before-statement.js';

// Runs `npm run migration:run` with the arguments from argv[3] on, and kills itself before its statement number
// argv[2], if there are as many: those to the server, and those of the database in which rows are turned into others.
// Says at the end how many there were.

const [, , statement] = process.argv;
process.argv.splice(2, 1, 'run');
dieBeforeStatement(Number(statement));
await import('../../../../src/cli/migrate.js');
console.log(`statements: ${statementsExecuted()}`);
