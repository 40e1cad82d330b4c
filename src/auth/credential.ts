import { headerValues } from './raw-headers.js';
import { TokenRefused, missingToken } from './refusals.js';

/** What a request shows of itself, unchecked. */
export interface Credential {
  readonly text: string;
  /** Whether it stands where only API keys do. */
  readonly isKey: boolean;
}

// RFC 9110 §11.4: the scheme is not case-sensitive and one or more spaces follow it. What the credential may
// consist of is checked with it.
const BEARER = /^bearer +([^ ]+)$/i;
const API_KEY = /^apikey +([^ ]+)$/i;

/**
 * The one credential of a request, from its headers and nowhere else: not from the query or the body, which end up
 * in logs and histories. An `x-api-key` without a value is none.
 *
 * @param keys whether API keys are looked for
 * @throws ApiError 401 MISSING_TOKEN without one
 * @throws TokenRefused when there are several, or when it cannot be read
 */
export function credentialOf(rawHeaders: readonly string[], keys: boolean): Credential {
  const authorizations = headerValues(rawHeaders, 'authorization');
  const given = keys ? headerValues(rawHeaders, 'x-api-key').filter((value) => value !== '') : [];
  const count = authorizations.length + given.length;
  if (count === 0) throw missingToken();
  // Whoever else reads the request might believe another one.
  if (count > 1) throw new TokenRefused('more than one credential');
  if (given.length > 0) return { text: given[0], isKey: true };
  const [authorization] = authorizations;
  const token = BEARER.exec(authorization)?.[1];
  if (token) return { text: token, isKey: false };
  const key = keys ? API_KEY.exec(authorization)?.[1] : undefined;
  if (key) return { text: key, isKey: true };
  throw new TokenRefused('the Authorization header is not "Bearer <token>"');
}
