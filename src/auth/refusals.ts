import { ApiError } from '../http/api-error.js';
import type { Permission } from './permissions.js';

/** The challenge of every 401, as RFC 9110 §11.6.1 demands one. */
const CHALLENGE = { 'WWW-Authenticate': 'Bearer' };

/** Thrown when a credential is not accepted, while it is checked. The reason is for the log; the caller is never told. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused';
}

/** 401 MISSING_TOKEN: the request names nobody. */
export function missingToken(): ApiError {
  return new ApiError(
    401,
    'MISSING_TOKEN',
    'This route needs a Bearer token in the Authorization header, or an API key.',
    {
      headers: CHALLENGE,
    },
  );
}

/**
 * 401 INVALID_TOKEN: the one answer to every token that is not accepted, whatever is wrong with it, and to a
 * good token of a vault that is suspended or gone. It says nothing that tells one case from another.
 */
export function invalidToken(): ApiError {
  return new ApiError(401, 'INVALID_TOKEN', 'The token was not accepted.', { headers: CHALLENGE });
}

/** A 401 that says where the description of this service as an OAuth resource is (RFC 9728 §5.1). */
export function withMetadata({ code, detail }: ApiError, url: string): ApiError {
  return new ApiError(401, code, detail, {
    headers: { 'WWW-Authenticate': `Bearer resource_metadata="${url}"` },
  });
}

/** 403 FORBIDDEN: known, and not allowed. */
export function forbidden(permission?: Permission): ApiError {
  const detail = permission
    ? `This route needs the permission "${permission}".`
    : 'This route is not open to anyone.';
  return new ApiError(403, 'FORBIDDEN', detail);
}

/**
 * 503 KEYS_UNAVAILABLE: whether the token is good cannot be told now, because the identity provider's keys
 * cannot be had.
 *
 * @param retryAfterMs until the keys are asked for again
 */
export function keysUnavailable(retryAfterMs: number): ApiError {
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  return new ApiError(
    503,
    'KEYS_UNAVAILABLE',
    'The keys that tokens are checked with cannot be fetched now.',
    {
      headers: { 'Retry-After': String(seconds) },
    },
  );
}

/** 403 DEV_MODE_REFUSED: the request may come from elsewhere than this machine (see `dev-mode.ts`). */
export function devModeRefused(detail: string): ApiError {
  return new ApiError(403, 'DEV_MODE_REFUSED', detail);
}

/** 400 INVALID_HEADER: a header that names whom to act for cannot be read. */
export function invalidHeader(field: string, message: string): ApiError {
  return new ApiError(400, 'INVALID_HEADER', `The header ${field} ${message}.`, {
    errors: [{ field, message }],
  });
}
