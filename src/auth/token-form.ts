import { isUtf8 } from 'node:buffer';
import { hasDuplicateNames } from './duplicate-names.js';
import { TokenRefused } from './refusals.js';

/**
 * The longest token that is read, in characters. Tokens of identity providers stay well below; Node limits all
 * headers of a request together to twice as much.
 */
export const MAX_TOKEN_LENGTH = 8192;

const MAX_KID_LENGTH = 256;

/**
 * Base64url in its one canonical spelling: no padding, and the bits that the last character has to spare are
 * zero. Decoders ignore those bits, so without this an altered token could still be a valid one.
 */
const CANONICAL_BASE64URL = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

/**
 * Token types that may stand for a caller (RFC 7519 §5.1, RFC 9068 §2.1). Others, such as logout or event
 * tokens of the same issuer, are signed with the same key and mean something else (RFC 8725 §3.11).
 */
const TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

export type JsonObject = Readonly<Record<string, unknown>>;

/** What the choice of a key may depend on. Nothing else of a token's header is ever used. */
export interface TokenHeader {
  readonly alg: string;
  readonly kid: string | undefined;
}

/** Headers seen lately, as they stood in tokens: they say how a token is signed and not for whom, so few exist. */
const seenHeaders = new Map<string, TokenHeader>();
const MAX_SEEN_HEADERS = 64;

/**
 * Checks the form of a signed token before anything is verified: three canonical base64url parts, and a header
 * that asks for nothing that would have to be understood.
 *
 * @throws TokenRefused
 */
export function readTokenHeader(token: string): TokenHeader {
  if (token.length > MAX_TOKEN_LENGTH) throw new TokenRefused('longer than a token may be');
  const parts = token.split('.');
  if (parts.length !== 3) throw new TokenRefused('not three parts');
  for (const part of parts) {
    if (part === '' || !CANONICAL_BASE64URL.test(part)) throw new TokenRefused('not canonical base64url');
  }
  const seen = seenHeaders.get(parts[0]);
  if (seen) return seen;
  const header = readHeader(parts[0]);
  if (seenHeaders.size >= MAX_SEEN_HEADERS) seenHeaders.clear();
  seenHeaders.set(parts[0], header);
  return header;
}

function readHeader(part: string): TokenHeader {
  const text = decodeText(part);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TokenRefused('the header is not JSON');
  }
  const { alg, kid, typ, crit, b64 } = checkNames(checkObject(value), text);
  if (typeof alg !== 'string') throw new TokenRefused('alg is not a string');
  if (kid !== undefined && (typeof kid !== 'string' || kid.length > MAX_KID_LENGTH)) {
    throw new TokenRefused('kid is not a key id');
  }
  if (typ !== undefined && (typeof typ !== 'string' || !TYPES.has(typ.toLowerCase()))) {
    throw new TokenRefused('typ is not that of an access token');
  }
  // RFC 7515 §4.1.11: a token with an extension that is not understood must be refused, and none is. b64
  // (RFC 7797) changes what is signed, with or without crit naming it.
  if (crit !== undefined || b64 !== undefined) throw new TokenRefused('a header extension');
  return { alg, kid };
}

/**
 * Checks the claims of a token as they are written, beside what became of them when they were parsed.
 *
 * @param parsed the claims as the JWT library read them
 * @returns the same
 * @throws TokenRefused when they are not a JSON object in UTF-8, or name anything twice
 */
export function checkClaims(token: string, parsed: unknown): JsonObject {
  const claims = checkObject(parsed);
  const part = token.slice(token.indexOf('.') + 1, token.lastIndexOf('.'));
  // Most issuers write JSON as JSON.stringify does. What is lost in parsing (a name that came twice, broken
  // UTF-8) does not come back in writing, so where the outcome is the same, nothing was lost.
  if (Buffer.from(JSON.stringify(claims), 'utf8').toString('base64url') === part) return claims;
  return checkNames(claims, decodeText(part));
}

function checkObject(value: unknown): JsonObject {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TokenRefused('not a JSON object');
  }
  return value as JsonObject;
}

function checkNames(value: JsonObject, text: string): JsonObject {
  if (hasDuplicateNames(text)) throw new TokenRefused('a name twice in one object');
  return value;
}

function decodeText(part: string): string {
  const bytes = Buffer.from(part, 'base64url');
  if (!isUtf8(bytes)) throw new TokenRefused('not UTF-8');
  return bytes.toString('utf8');
}
