import 'reflect-metadata';
import { loadDatabaseConfig, readEnvironment } from '../../../src/config/config.js';
import { Destinations } from '../../../src/upgrade/rehome/destinations.js';
import { rehomeUsers } from '../../../src/upgrade/rehome/rehome-users.js';

// Moves the users of the vault argv[2] and prints the most memory that this process had, in MB.

await rehomeUsers({
  database: loadDatabaseConfig(readEnvironment()),
  from: process.argv[2],
  destinations: new Destinations('user-{user_id}', new Map()),
});
console.log(Math.round(process.resourceUsage().maxRSS / 1024));
