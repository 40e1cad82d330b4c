import { LOCAL_ORIGIN } from '../auth/dev-mode.js';
import { headerValues } from '../auth/raw-headers.js';
import { ApiError } from '../http/api-error.js';

/**
 * MCP demands it of servers (Streamable HTTP, security warning): a page that a browser shows on somebody's machine can
 * reach whatever that machine can, under a name of its own. Programs send no Origin.
 *
 * @param allowed origins that may call, besides pages of this machine
 * @throws ApiError 403 ORIGIN_REFUSED
 */
export function refuseForeignOrigin(rawHeaders: readonly string[], allowed: readonly string[]): void {
  const origins = headerValues(rawHeaders, 'origin');
  if (origins.every((origin) => allowed.includes(origin) || LOCAL_ORIGIN.test(origin))) return;
  throw new ApiError(
    403,
    'ORIGIN_REFUSED',
    'Pages of this origin may not call; CORS_ORIGINS lists those that may.',
  );
}
