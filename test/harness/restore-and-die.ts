import 'reflect-metadata';
import './die-before-file-change.js';
import { restoreDatabase } from '../../src/upgrade/restore-database.js';
import { dieBeforeStatement, statementsExecuted } from './die-before-statement.js';

// Restores the database argv[2] from argv[3] and kills itself before the change number argv[4], if there are as many.
// Prints how many it took otherwise.

const [, , path, from, number] = process.argv;
dieBeforeStatement(Number(number));
await restoreDatabase({ path, from });
console.log(statementsExecuted());
