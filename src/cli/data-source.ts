import { sqliteFile } from './command.js';
import { plainDataSource } from '../upgrade/plain-data-source.js';

/**
 * What the TypeORM command line works with, for `npm run migration:generate`. It is not given the migrations:
 * its own `migration:run` and `migration:revert` would do without lock, backup and check.
 */
export default plainDataSource(sqliteFile('set DATABASE_URL to a file'), { migrations: [] });
