import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Long enough for a UUID or a trace id; nothing that could break a log line or a header. */
const ACCEPTED = /^[A-Za-z0-9._-]{1,64}$/;

/** The caller's own `X-Request-Id` if it is one that may stand in logs and headers; a new one otherwise. */
export function requestIdOf(request?: IncomingMessage): string {
  const given = request?.headers['x-request-id'];
  return typeof given === 'string' && ACCEPTED.test(given) ? given : randomUUID();
}
