import type { INestApplicationContext } from '@nestjs/common';
import { type Config, loadLocalConfig } from '../../config/config.js';
import { withServices } from '../service-context.js';
import { ImportModule } from './import.module.js';

/**
 * Starts what imports need of the service, without HTTP, and ends it again. Rows are written in the context of their
 * vault, as the owner of the tables: the service itself has no right to write the books of imports.
 *
 * @param env what else is set, such as WAYPOINTS_AUTOMATIC and the flags
 * @throws MigrationRefusedError when the database does not have the tables of this version
 */
export function withImports<T>(
  database: Config['database'],
  env: NodeJS.ProcessEnv,
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  // The credentials of the service may not be at hand.
  return withServices(
    { ...loadLocalConfig(env), database },
    [ImportModule],
    work,
    'the role of DATABASE_URL may not write what an import notes down',
  );
}
