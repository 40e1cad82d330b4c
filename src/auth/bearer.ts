import { headerValues } from './raw-headers.js';
import { TokenRefused, missingToken } from './refusals.js';

// RFC 9110 §11.4: the scheme is not case-sensitive and one or more spaces follow it. What the token may
// consist of is checked with the token.
const BEARER = /^bearer +([^ ]+)$/i;

/**
 * The token of a request, from its Authorization header and nowhere else: not from the query or the body,
 * which end up in logs and histories.
 *
 * @throws ApiError 401 MISSING_TOKEN without the header
 * @throws TokenRefused when the header is there twice or is not a Bearer token
 */
export function bearerToken(rawHeaders: readonly string[]): string {
  const values = headerValues(rawHeaders, 'authorization');
  if (values.length === 0) throw missingToken();
  if (values.length > 1) throw new TokenRefused('more than one Authorization header');
  const token = BEARER.exec(values[0])?.[1];
  if (!token) throw new TokenRefused('the Authorization header is not "Bearer <token>"');
  return token;
}
