import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeSchema } from '../harness/postgres/schema.js';
import { TEST_DATABASE_URL, urlOf } from '../harness/postgres/scratch-server.js';
import { databaseBytes } from './database-bytes.js';

/** An empty database of a measured server's own. */
export interface MeasuredDatabase {
  /** How the server is told of it. */
  readonly settings: NodeJS.ProcessEnv;
  /** What it takes on disk. */
  bytes(): Promise<number>;
  remove(): Promise<void>;
}

export type MakeDatabase = () => Promise<MeasuredDatabase>;

/** A file. */
export const onSqlite: MakeDatabase = () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-bench-'));
  const path = join(folder, 'cairn.sqlite');
  return Promise.resolve({
    settings: { DATABASE_URL: `sqlite:${path}` },
    bytes: () => databaseBytes(path),
    remove: () => {
      rmSync(folder, { recursive: true, force: true });
      return Promise.resolve();
    },
  });
};

/** A database of the server that TEST_DATABASE_URL names, which the measured server uses as a role without rights. */
export const onPostgres: MakeDatabase = async () => {
  const { database, schema, roles, asSuperuser, drop } = await makeSchema();
  return {
    settings: {
      DATABASE_URL: urlOf(database, roles.app),
      DATABASE_OPERATOR_URL: urlOf(database, roles.operator),
      DATABASE_SCHEMA: schema,
    },
    bytes: () =>
      asSuperuser(async (client) => {
        const sql = 'SELECT pg_database_size(current_database()) AS bytes';
        const { rows } = await client.query<{ bytes: string }>(sql);
        return Number(rows[0].bytes);
      }),
    remove: drop,
  };
};

/** Where `npm run bench` measures. */
export const madeDatabase: MakeDatabase = TEST_DATABASE_URL === '' ? onSqlite : onPostgres;
