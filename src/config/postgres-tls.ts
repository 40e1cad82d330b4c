import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { isLoopback } from './loopback.js';
import type { PostgresTls } from './postgres-config.js';
import { isSocket, type PostgresUrl } from './postgres-url.js';
import type { SettingReader } from './setting-reader.js';

const SYSTEM = 'system';
const CERTIFICATE = /-----BEGIN (?:TRUSTED )?CERTIFICATE-----[^-]+-----END (?:TRUSTED )?CERTIFICATE-----/g;

/**
 * How a server is spoken to. OM_PG_SSL and OM_PG_SSL_CA count where the URL itself says nothing. With neither,
 * loopback and Unix sockets are not encrypted, and any other host has to prove who it is: nobody should get less
 * without saying so.
 *
 * @param setting where the URL comes from, for messages
 * @param cwd where relative paths start
 * @returns undefined for an unencrypted connection, and when something is wrong, which the reader has been told
 */
export function readTls(
  reader: SettingReader,
  setting: string,
  url: PostgresUrl,
  cwd: string,
): PostgresTls | undefined {
  // libpq ignores all of it there.
  if (isSocket(url.host)) return undefined;
  const refuse = (sentence: string) => void reader.problems.push(sentence);
  const general = reader.value('OM_PG_SSL');
  if (url.sslMode !== undefined && general !== undefined && url.sslMode !== general) {
    return reader.disagree([`sslmode in ${setting}`, 'OM_PG_SSL']) as undefined;
  }
  const asked = url.sslMode ?? general;
  const authority = url.sslRootCert ?? reader.value('OM_PG_SSL_CA');
  const source = url.sslRootCert === undefined ? 'OM_PG_SSL_CA' : `${setting}: its sslrootcert`;
  const mode = asked ?? (isLoopback(url.host) && authority === undefined ? 'disable' : 'verify-full');
  if (mode === 'disable') return undefined;
  if (authority === undefined || authority === SYSTEM) {
    if (mode === 'verify-full' || (mode === 'require' && authority === undefined)) return { mode };
    // Anyone can get a certificate from a public authority; only the name in it tells whose it is.
    return refuse(
      `${setting} asks for ${mode} with the authorities that everyone trusts, whose certificates anybody can get: ` +
        'say verify-full, or name the authority by sslrootcert=FILE or OM_PG_SSL_CA.',
    );
  }
  const ca = readCertificates(authority, cwd);
  if ('problem' in ca) return refuse(`${source} ${ca.problem}.`);
  // As libpq has it: whoever names an authority wants it to have signed.
  return { mode: mode === 'require' ? 'verify-ca' : mode, ca: ca.pem };
}

/** @param raw certificates in PEM, or the path of a file of them */
function readCertificates(raw: string, cwd: string): { pem: string } | { problem: string } {
  let text = raw;
  if (!raw.includes('-----BEGIN')) {
    try {
      text = readFileSync(resolve(cwd, raw), 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      return { problem: `names a file that cannot be read (${code})` };
    }
  }
  // In a variable, lines are often written with \n between them.
  const found = text.replaceAll('\\n', '\n').match(CERTIFICATE) ?? [];
  if (found.length === 0) return { problem: 'holds no certificate in PEM form' };
  try {
    for (const pem of found) new X509Certificate(pem);
  } catch {
    return { problem: 'holds a certificate that cannot be read' };
  }
  return { pem: `${found.join('\n')}\n` };
}
