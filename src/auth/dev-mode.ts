import type { IncomingMessage } from 'node:http';
import { isUserId } from '../tenancy/scope.js';
import { isVaultId } from '../vaults/vault-id.js';
import type { Identity } from './identity.js';
import { PERMISSIONS } from './permissions.js';
import { headerValues } from './raw-headers.js';
import { devModeRefused, invalidHeader } from './refusals.js';

const DEFAULT_VAULT = 'dev-vault';

const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;
/** Pages of this machine. */
export const LOCAL_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/** Headers that a proxy adds; `x-forwarded-` stands for all that begin so. */
const PROXY_HEADERS = ['forwarded', 'x-real-ip', 'via'];

const USER_PERMISSIONS = PERMISSIONS.filter((permission) => permission !== 'vault');

/**
 * Dev mode's identity: `X-Vault-Id` (default `dev-vault`) and `X-User-Id` (percent-decoded; without it, the
 * whole vault), believed without proof. An Authorization header is not looked at.
 *
 * @throws ApiError 403 when the request may come from elsewhere than this machine; 400 on a header that
 *   cannot be read
 */
export function devIdentity({ url, rawHeaders }: Pick<IncomingMessage, 'url' | 'rawHeaders'>): Identity {
  refuseForeign(url, rawHeaders);

  const vaultId = onlyValue(rawHeaders, 'X-Vault-Id') ?? DEFAULT_VAULT;
  if (!isVaultId(vaultId)) {
    throw invalidHeader(
      'X-Vault-Id',
      'must be 1 to 128 ASCII letters, digits, ".", "_", ":" or "-", the first a letter or digit',
    );
  }
  const encoded = onlyValue(rawHeaders, 'X-User-Id');
  if (encoded === undefined) return { vaultId, permissions: PERMISSIONS };
  return { vaultId, userId: decodeUserId(encoded), permissions: USER_PERMISSIONS };
}

/**
 * Listening on loopback keeps other machines out, not other people's web pages: a page in a browser on this
 * machine can reach it, with its own Origin, or under a host name of its own that resolves to 127.0.0.1. And
 * what comes through a proxy comes from anywhere.
 */
function refuseForeign(url: string | undefined, rawHeaders: readonly string[]): void {
  // A target with a host in it goes before the Host header (RFC 9112 §3.2.2), and only proxies are sent one.
  if (!url?.startsWith('/')) throw devModeRefused('Dev mode does not answer requests made as to a proxy.');
  const hosts = headerValues(rawHeaders, 'host');
  if (hosts.length !== 1 || !LOCAL_HOST.test(hosts[0])) {
    throw devModeRefused(
      'Dev mode answers only requests to localhost, 127.0.0.1 or [::1] (the Host header).',
    );
  }
  if (!headerValues(rawHeaders, 'origin').every((origin) => LOCAL_ORIGIN.test(origin))) {
    throw devModeRefused('Dev mode answers only pages of this machine (the Origin header).');
  }
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at].toLowerCase();
    if (PROXY_HEADERS.includes(name) || name.startsWith('x-forwarded-')) {
      throw devModeRefused(
        `Dev mode does not answer requests that came through a proxy (the header ${name}).`,
      );
    }
  }
}

function onlyValue(rawHeaders: readonly string[], name: string): string | undefined {
  const values = headerValues(rawHeaders, name.toLowerCase());
  if (values.length > 1) throw invalidHeader(name, 'must be sent once');
  return values[0];
}

function decodeUserId(encoded: string): string {
  const name = 'X-User-Id';
  // Bytes beyond ASCII reach us as Latin-1, whatever they were meant to be.
  if (!/^[\x20-\x7e]*$/.test(encoded)) throw invalidHeader(name, 'must be ASCII: percent-encode all else');
  let userId: string;
  try {
    userId = decodeURIComponent(encoded);
  } catch {
    throw invalidHeader(name, 'must be percent-encoded UTF-8');
  }
  if (!isUserId(userId)) throw invalidHeader(name, 'must be 1 to 256 characters, without U+0000');
  return userId;
}
