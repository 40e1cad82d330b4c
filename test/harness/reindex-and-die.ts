import 'reflect-metadata';
import { reindexDatabase } from '../../src/upgrade/reindex-database.js';
import { dieBeforeStatement, statementsExecuted } from './die-before-statement.js';

// Rebuilds the recall index of the file argv[2] and kills itself before the statement number argv[3], if there are
// as many. Prints how many statements it took otherwise.

dieBeforeStatement(Number(process.argv[3]));
await reindexDatabase({ path: process.argv[2] });
console.log(statementsExecuted());
