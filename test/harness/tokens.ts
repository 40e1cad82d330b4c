import { createHmac, createSecretKey } from 'node:crypto';
import jsonwebtoken from 'jsonwebtoken';

/** The JWT_SECRET of test servers. */
export const TEST_SECRET = 'a secret for tests only, 32 bytes or more';

const key = createSecretKey(TEST_SECRET, 'utf8');

export interface TokenFor {
  vault: string;
  /** Left out: the token has no user claim, and is a service token if `permissions` hold `vault`. */
  user?: string;
  /** Left out: the server's default permissions. */
  permissions?: readonly string[];
  /** From now; negative for a token that is over. One hour if left out. */
  expiresInSeconds?: number;
}

/** A token that a server with TEST_SECRET accepts. */
export function mintToken({ vault, user, permissions, expiresInSeconds = 3600 }: TokenFor): string {
  const claims = { vault_id: vault, user_id: user, permissions, exp: nowInSeconds() + expiresInSeconds };
  return jsonwebtoken.sign(JSON.parse(JSON.stringify(claims)), key, { algorithm: 'HS256' });
}

/** The headers of a request made with such a token. */
export function authorized(token: TokenFor): { authorization: string } {
  return { authorization: `Bearer ${mintToken(token)}` };
}

/**
 * An HS256 token of exactly these parts, signed with `secret`: for forms that no library would produce. Text is
 * taken as it is, anything else as JSON.
 */
export function signParts(header: unknown, claims: unknown, secret = TEST_SECRET): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export function encode(part: unknown): string {
  const bytes = Buffer.isBuffer(part) || typeof part === 'string' ? part : JSON.stringify(part);
  return Buffer.from(bytes as string).toString('base64url');
}

export function nowInSeconds(): number {
  return Math.floor(Date.now() / 1000);
}
