import 'reflect-metadata';
import { loadDatabaseConfig } from '../../../src/config/config.js';
import type { PostgresConfig } from '../../../src/config/postgres-config.js';
import { migratePostgres } from '../../../src/upgrade/postgres/migrate-postgres.js';
import { ROLES, createSchema, onPostgres, settingsOf, withAdmin } from './postgres-databases.js';

/** Makes, where the suite runs on PostgreSQL, the roles and the database that those of the tests are copies of. */
export default async function setup(): Promise<(() => void) | undefined> {
  if (!onPostgres) return undefined;
  const name = `cairn_test_${process.pid}`;
  withAdmin((admin) => {
    for (const role of Object.values(ROLES)) {
      const bypasses = role === ROLES.operator || role === ROLES.backup ? 'BYPASSRLS' : 'NOBYPASSRLS';
      const options = `LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE ${bypasses} PASSWORD 'test'`;
      const isThere = admin.all('SELECT 1 FROM pg_roles WHERE rolname = $1', role).length > 0;
      admin.run(`${isThere ? 'ALTER' : 'CREATE'} ROLE ${role} ${options}`);
    }
  });
  const config = loadDatabaseConfig(settingsOf(createSchema(name))) as PostgresConfig;
  await migratePostgres({ database: config });
  process.env.TEST_TEMPLATE_DATABASE = name;
  return () =>
    withAdmin((admin) => {
      const left = admin.all<{ name: string }>(
        `SELECT datname AS name FROM pg_database WHERE datname LIKE '${name}%'`,
      );
      for (const { name: each } of left) admin.run(`DROP DATABASE IF EXISTS ${each} WITH (FORCE)`);
    });
}
