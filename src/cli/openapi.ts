import 'reflect-metadata';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createApp } from '../app.setup.js';
import { loadConfig } from '../config/config.js';
import { describeApi } from '../http/openapi.js';
import { prepareDatabase } from '../upgrade/prepare-database.js';
import { packageRoot } from '../version.js';
import { clientTypes } from './client-types.js';

/**
 * `npm run openapi`: writes the description of the API to src/client/openapi.json, and the types that the client
 * has of it to src/client/operations.ts, from the built service (only
 * the build reads the types and comments of DTOs) over an empty database that is thrown away.
 */
const folder = mkdtempSync(join(tmpdir(), 'cairn-openapi-'));
try {
  const config = loadConfig({ DATABASE_URL: `sqlite:${join(folder, 'empty.sqlite')}`, LOG_LEVEL: 'warn' });
  await prepareDatabase(config);
  const app = await createApp(config);
  const target = join(packageRoot, 'src', 'client');
  mkdirSync(target, { recursive: true });
  const document = describeApi(app);
  writeFileSync(join(target, 'openapi.json'), `${JSON.stringify(document, null, 2)}\n`);
  writeFileSync(join(target, 'operations.ts'), clientTypes(document));
  await app.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
