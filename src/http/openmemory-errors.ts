import type { Failure } from './failure.js';
import type { ErrorAnswer, ErrorWriter } from './problem.js';

/** Where the paths of OpenMemory's server begin that are not Cairn's own; the longest first. */
const USERS = '/users';
const VERCEL_STORE = '/memories';
const PREFIXES = [
  USERS,
  VERCEL_STORE,
  '/memory',
  '/query',
  '/sectors',
  '/dashboard',
  '/sources',
  '/lgm',
  '/dynamics',
  '/api/ide',
  '/api/temporal',
  '/api/compression',
  '/api/system',
];

/** Whether a request target as it arrived is one that clients of OpenMemory call. */
export function isOpenMemoryTarget(target: string | undefined): boolean {
  return target !== undefined && PREFIXES.some((prefix) => isBelow(prefix, target));
}

function isBelow(prefix: string, target: string): boolean {
  return target.startsWith(prefix) && /^(?:[/?#]|$)/.test(target.slice(prefix.length));
}

/**
 * The errors of OpenMemory's server, which has two shapes for them, `{err}` and `{error}`, and plain text for what
 * its router refuses. A credential that is not accepted is 403 there; none is 401.
 */
export const writeOpenMemoryError: ErrorWriter = (failure, _requestId, target) => {
  const { status, code } = failure;
  if (failure.unrouted && status === 404) return text('404: Not Found');
  switch (code) {
    case 'MISSING_TOKEN':
      return json({ error: 'authentication_required', message: 'API key required' });
    case 'INVALID_TOKEN':
      return { ...json({ error: 'invalid_api_key' }), status: 403 };
    case 'INVALID_JSON':
      return json({ error: 'invalid_json' });
    case 'VALIDATION_FAILED':
      return json(invalidInput(failure, target));
    case 'PAYLOAD_TOO_LARGE':
      return text('Payload Too Large');
    case 'NOT_FOUND':
      return json(isBelow(USERS, target ?? '') ? { error: 'user not found' } : { err: 'nf' });
    case 'FORBIDDEN':
      return json({ err: 'forbidden', message: failure.detail });
    case 'INTERNAL_ERROR':
      return json({ err: 'internal' });
    case 'INGEST_FAIL':
      return json({ err: 'ingest_fail', msg: failure.detail });
    case 'INVALID_PAGINATION':
      return json({ error: 'invalid_pagination' });
    default:
      return json({ error: code.toLowerCase(), message: failure.detail });
  }
};

function invalidInput({ errors = [], detail }: Failure, target: string | undefined): object {
  if (isBelow(VERCEL_STORE, target ?? '') && errors.some(({ field }) => field === 'content')) {
    return { err: 'content' };
  }
  const details = errors.map(({ field, message }) => `${field}: ${message}`);
  return { error: 'invalid_input', details: details.length > 0 ? details : [detail] };
}

function json(body: object): ErrorAnswer {
  return { contentType: 'application/json; charset=utf-8', body: JSON.stringify(body) };
}

function text(body: string): ErrorAnswer {
  return { contentType: 'text/plain; charset=utf-8', body };
}
