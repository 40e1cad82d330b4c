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
 * @returns a superuser's URL of it
 */
export function createDatabase(): string {
  return copyDatabase(urlOf(template()));
}

/** A copy of a database to which nobody is connected, dropped as that is. */
export function copyDatabase(url: string): string {
  const name = newName();
  withAdmin((admin) => admin.run(`CREATE DATABASE ${name} TEMPLATE ${new URL(url).pathname.slice(1)}`));
  made.push(name);
  return urlOf(name);
}

/** A new database with a schema for the service's tables, and none of them yet. */
export function createSchema(name = newName()): string {
  withAdmin((admin) => admin.run(`CREATE DATABASE ${name}`));
  made.push(name);
  const database = new SyncPostgres(urlOf(name));
  database.run(`CREATE SCHEMA ${SCHEMA} AUTHORIZATION ${ROLES.migrator}`);
  database.close();
  return urlOf(name);
}

function newName(): string {
  return `${template()}_${randomBytes(6).toString('hex')}`;
}

function template(): string {
  const name = process.env.TEST_TEMPLATE_DATABASE;
  if (!name) throw new Error('There is no template: is the global set-up in place?');
  return name;
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
