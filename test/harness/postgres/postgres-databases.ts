import { randomBytes } from 'node:crypto';
import { SyncPostgres } from './sync-postgres.js';

/** A superuser's URL of a server whose databases may be made and dropped; tests run on SQLite without it. */
const ADMIN_URL = process.env.TEST_DATABASE_URL;

/** Where the tables are in a test's database. */
export const SCHEMA = 'cairn';

/** What the roles of test databases are called; they belong to the whole server. */
export const ROLES = {
  migrator: 'cairn_migrator',
  app: 'cairn_app',
  operator: 'cairn_operator',
  backup: 'cairn_backup',
} as const;

/** Whether the suite runs on PostgreSQL. */
export const onPostgres = ADMIN_URL !== undefined;

const made: string[] = [];

/** Whether this names a database of a test, and not a file. */
export function isPostgresUrl(place: string): boolean {
  return place.startsWith('postgres://');
}

/**
 * A new database with the service's tables, dropped with those of its test file.
 *
 * @param original a superuser's URL of the one to copy, which nobody uses; left out, one without rows
 * @returns a superuser's URL of it
 */
export function createDatabase(original?: string): string {
  const template = process.env.TEST_TEMPLATE_DATABASE;
  if (!template) throw new Error('There is no template: is the global set-up in place?');
  const name = `${template}_${randomBytes(6).toString('hex')}`;
  const copied = original === undefined ? template : new URL(original).pathname.slice(1);
  withAdmin((admin) => admin.run(`CREATE DATABASE ${name} TEMPLATE ${copied}`));
  made.push(name);
  return urlOf(name);
}

/** Drops the databases that were made in this process. */
export function dropDatabases(): void {
  if (made.length === 0) return;
  withAdmin((admin) => {
    for (const name of made.splice(0)) admin.run(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  });
}

export function withAdmin<T>(work: (admin: SyncPostgres) => T): T {
  const admin = new SyncPostgres(ADMIN_URL!);
  try {
    return work(admin);
  } finally {
    admin.close();
  }
}

/** The URL of another database on the server, by default a superuser's. @param role `cairn_app` and the like */
export function urlOf(database: string, role?: string): string {
  const url = new URL(ADMIN_URL!);
  url.pathname = `/${database}`;
  if (role !== undefined) {
    url.username = role;
    url.password = 'test';
  }
  return url.href;
}

/** A superuser's connection to a test's database, which finds the service's tables by their names. */
export function openAsSuperuser(url: string): SyncPostgres {
  const database = new SyncPostgres(url);
  database.run(`SET search_path TO ${SCHEMA}`);
  return database;
}

/** How a service is told of a test's database. @param url as `createDatabase` gives it */
export function settingsOf(url: string): NodeJS.ProcessEnv {
  const database = new URL(url).pathname.slice(1);
  return {
    DATABASE_URL: urlOf(database, ROLES.app),
    DATABASE_MIGRATOR_URL: urlOf(database, ROLES.migrator),
    DATABASE_OPERATOR_URL: urlOf(database, ROLES.operator),
    DATABASE_SCHEMA: SCHEMA,
  };
}
