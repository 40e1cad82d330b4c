import type { PostgresServer } from '../../config/postgres-config.js';

/** What Node calls a certificate that none of the accepted authorities has signed. */
const UNTRUSTED: readonly string[] = [
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
];

/** How a database is named in sentences. */
interface Place {
  readonly server: PostgresServer;
  /** Host and port. */
  readonly at: string;
  /** The setting that the connection comes from. */
  readonly setting: string;
}

/** @returns a sentence about an encrypted connection that did not come about; undefined for any other error */
export function describeTlsProblem(
  { code = '', message }: { code?: string; message: string },
  { server, at, setting }: Place,
): string | undefined {
  // The driver's own sentences, which have no code.
  if (message === 'The server does not support SSL connections') {
    return (
      `The server at ${at} speaks no TLS, and ${setting} asks for it (sslmode=${server.tls?.mode}): switch it on ` +
      'there (ssl = on in postgresql.conf), or say sslmode=disable if nobody can listen in between.'
    );
  }
  if (message === 'There was an error establishing an SSL connection') {
    return `What listens at ${at} does not answer as a PostgreSQL server: correct host and port in ${setting}.`;
  }
  if (UNTRUSTED.includes(code)) {
    const authority = server.tls?.ca === undefined ? 'the authorities that everyone trusts' : 'sslrootcert';
    return (
      `The certificate of the server at ${at} is not signed by ${authority}: name the file of its authority by ` +
      `sslrootcert=FILE in ${setting} (or OM_PG_SSL_CA)${unchecked(server)}.`
    );
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return (
      `The certificate of the server at ${at} is for another name: write the name in it as the host in ${setting}, ` +
      `or say sslmode=verify-ca with sslrootcert=FILE, which leaves the name unchecked.`
    );
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    const when = code === 'CERT_HAS_EXPIRED' ? 'has expired' : 'is not valid yet';
    return `The certificate of the server at ${at} ${when}: renew it there, or set the clocks right.`;
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_')) {
    return (
      `The server at ${at} and Cairn find no common way to encrypt (${code}): the server must offer TLS 1.2 or ` +
      'later (ssl_min_protocol_version and ssl_ciphers in postgresql.conf).'
    );
  }
  return undefined;
}

function unchecked(server: PostgresServer): string {
  return server.tls?.ca === undefined
    ? ', or say sslmode=require, which encrypts and trusts whoever answers'
    : '';
}
