import { dieBeforeStatement, statementsExecuted } from '../die-before-statement.js';

// Runs `npm run tenancy:adopt` with the arguments argv[3] and after, and kills itself before its SQLite statement
// number argv[2], if there are as many. Says at the end how many there were.

const [, , statement] = process.argv;
process.argv.splice(2, 1);
dieBeforeStatement(Number(statement));
await import('../../../src/cli/tenancy-adopt.js');
console.log(`statements: ${statementsExecuted()}`);
