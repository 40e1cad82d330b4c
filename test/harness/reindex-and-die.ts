import 'reflect-metadata';
import { loadDatabaseConfig, readEnvironment } from '../../src/config/config.js';
import { reindexDatabase } from '../../src/upgrade/reindex-database.js';
import { dieBeforeStatement, statementsExecuted } from './die-before-statement.js';

// Rebuilds the recall index of the database in the environment and kills itself before the statement number argv[2],
// if there are as many. Prints how many statements it took otherwise.

dieBeforeStatement(Number(process.argv[2]));
await reindexDatabase({ database: loadDatabaseConfig(readEnvironment()) });
console.log(statementsExecuted());
