import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { PostgresRoles } from '../../../src/config/postgres-config.js';

/** A superuser's URL of a server for tests; without it, those that need one are skipped. */
export const TEST_DATABASE_URL = process.env.TEST_DATABASE_URL ?? '';

/** The password of every role that a test makes. */
export const TEST_PASSWORD = 'not a secret';

/** Names that no other test has at the same time. */
export function uniqueName(beginning: string): string {
  return `${beginning}_${randomBytes(5).toString('hex')}`;
}

export function uniqueRoles(): PostgresRoles {
  const mark = uniqueName('t');
  return { migrator: `${mark}_mig`, app: `${mark}_app`, operator: `${mark}_op`, backup: `${mark}_bak` };
}

/** The server's URL for a database of its own, and for another role. */
export function urlOf(database: string, role?: string): string {
  const url = new URL(TEST_DATABASE_URL);
  url.pathname = `/${database}`;
  if (role !== undefined) Object.assign(url, { username: role, password: encodeURIComponent(TEST_PASSWORD) });
  return url.href;
}

export async function connectTo(database: string, role?: string): Promise<Client> {
  const client = new Client({ connectionString: urlOf(database, role) });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

/** Something done by a superuser, in the database that the server's URL names or in another. */
export async function asSuperuser<T>(
  work: (client: Client) => Promise<T>,
  database = new URL(TEST_DATABASE_URL).pathname.slice(1),
): Promise<T> {
  const client = await connectTo(database);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** An empty database of its own. */
export async function createDatabase(): Promise<string> {
  const name = uniqueName('cairn_test');
  await asSuperuser((client) => client.query(`CREATE DATABASE ${name}`));
  return name;
}

/** Takes a database away, whoever is connected to it, and then these roles. */
export async function dropDatabase(name: string, roles: readonly string[] = []): Promise<void> {
  await asSuperuser(async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    for (const role of roles) await client.query(`DROP ROLE IF EXISTS ${role}`);
  });
}
