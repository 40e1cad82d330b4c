import { type Config, loadConfig } from '../config/config.js';
import { ApiKeysModule } from '../vaults/api-keys.module.js';
import { ApiKeysService } from '../vaults/api-keys.service.js';
import { VaultsModule } from '../vaults/vaults.module.js';
import { withServices } from './service-context.js';
import { refuseBusy, whileBusy } from './while-busy.js';

/**
 * Works on the API keys of a database, and lets go of it again; as the owner of the tables: whoever may make keys for
 * any vault has more than the service's own password.
 *
 * @throws MigrationRefusedError when the database does not have the tables of this version, or is kept by another
 */
export function withApiKeys<T>(
  database: Config['database'],
  work: (keys: ApiKeysService) => Promise<T>,
): Promise<T> {
  return refuseBusy(() =>
    withServices(
      // The credentials of the service may not be at hand.
      { ...loadConfig({}), database },
      [ApiKeysModule, VaultsModule],
      (app) => {
        const keys = app.get(ApiKeysService, { strict: false });
        return whileBusy(() => work(keys));
      },
      'keys of any vault are made as the role that owns the tables',
    ),
  );
}
