import { Client, DatabaseError } from 'pg';
import { quoteIdentifier } from '../../../migrations/postgres/identifiers.js';
import { MigrationRefusedError } from '../migration-refused.error.js';

/** PostgreSQL's code for a database that does not exist. */
const INVALID_CATALOG_NAME = '3D000';

/**
 * Connects to a database as the administrator, whichever database the administrator's URL names.
 *
 * @param create whether a database that does not exist is made
 * @throws MigrationRefusedError when that is not possible; the message holds nothing of the URL but the host
 */
export async function connectAsAdmin(url: URL, database: string, create: boolean): Promise<Client> {
  const own = new URL(url);
  own.pathname = `/${encodeURIComponent(database)}`;
  try {
    return await connected(own);
  } catch (error) {
    if (!(error instanceof DatabaseError && error.code === INVALID_CATALOG_NAME)) throw refused(url, error);
    if (!create) {
      throw new MigrationRefusedError(
        `The database ${quoteIdentifier(database)} does not exist: run CREATE DATABASE ${quoteIdentifier(database)} ` +
          'in psql, or set OM_PG_AUTO_CREATE_DB=true and run this again.',
      );
    }
  }
  await createDatabase(url, database);
  return connected(own).catch((error: unknown) => {
    throw refused(url, error);
  });
}

async function createDatabase(url: URL, database: string): Promise<void> {
  const client = await connected(url).catch((error: unknown) => {
    throw refused(url, error);
  });
  try {
    await client.query(`CREATE DATABASE ${quoteIdentifier(database)}`);
  } catch (error) {
    throw new MigrationRefusedError(
      `The database ${quoteIdentifier(database)} could not be made: ${(error as Error).message}.`,
    );
  } finally {
    await client.end();
  }
}

async function connected(url: URL): Promise<Client> {
  const client = new Client({ connectionString: url.href, application_name: 'cairn db:roles' });
  // What breaks between two statements is told by the next one.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

function refused(url: URL, error: unknown): MigrationRefusedError {
  const place = url.searchParams.get('host') ?? url.host;
  return new MigrationRefusedError(
    `DATABASE_ADMIN_URL: no connection to PostgreSQL at ${place}: ${(error as Error).message || (error as NodeJS.ErrnoException).code}.`,
  );
}
