import 'reflect-metadata';
import { loadDatabaseConfig, readEnvironment } from '../../../src/config/config.js';
import { Destinations } from '../../../src/upgrade/rehome/destinations.js';
import { rehomeUsers } from '../../../src/upgrade/rehome/rehome-users.js';
import { dieBeforeStatement, statementsExecuted } from '../die-before-statement.js';

// Moves the users of the vault home, with the map argv[3] (JSON), and kills itself before the statement number argv[2],
// if there are as many. Prints how many statements it took otherwise.

const [, , statement, map] = process.argv;
dieBeforeStatement(Number(statement));
const entries = Object.entries(JSON.parse(map) as Record<string, string>);
await rehomeUsers({
  database: loadDatabaseConfig(readEnvironment()),
  from: 'home',
  destinations: new Destinations('user-{user_id}', new Map(entries)),
});
console.log(statementsExecuted());
