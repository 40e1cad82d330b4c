import type { ConnectionOptions } from 'node:tls';
import type { ClientConfig } from 'pg';
import type { PostgresServer, PostgresTls } from '../../config/postgres-config.js';

/** A server that is reached at all is reached in this time, however far away it is. */
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * The options of the driver's clients and pools. Never a connection string: the driver would read another meaning
 * into its parameters than PostgreSQL does.
 */
export function clientOptions(server: PostgresServer): ClientConfig {
  return {
    host: server.host,
    port: server.port,
    database: server.database,
    user: server.user,
    // Left out, the driver would look for one in PGPASSWORD and in a file, and the settings would not be all there is.
    password: server.password ?? noPassword,
    // Left out, PGSSLMODE would decide.
    ssl: server.tls ? tlsOptions(server.tls) : false,
    application_name: server.applicationName ?? 'cairn',
    // A server that is gone without a word would otherwise be waited for.
    keepAlive: true,
    connectionTimeoutMillis: server.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    ...(server.options === undefined ? {} : { options: server.options }),
  };
}

/** The driver adds the server's name, which decides whom the certificate must be for. */
function tlsOptions({ mode, ca }: PostgresTls): ConnectionOptions {
  return {
    rejectUnauthorized: mode !== 'require',
    ...(ca === undefined ? {} : { ca }),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
  };
}

/** An absent password, to the driver. Its type knows none. */
function noPassword(): string {
  return undefined as unknown as string;
}
