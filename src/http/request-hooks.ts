import type { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TenantContext } from '../tenancy/tenant-context.js';
import { ApiError } from './api-error.js';
import type { Drain } from './drain.js';
import { refuseEncodedBody } from './json-body.js';
import type { RequestLog } from './request-log.js';

/** Headers that mean something only once; whose they are decides what a request is or whom it is for. */
const SINGLE_HEADERS: ReadonlySet<string> = new Set(['content-type', 'host', 'idempotency-key', 'x-api-key']);

/** What happens to every request before and after its handler. */
export function hookRequests(adapter: FastifyAdapter, requestLog: RequestLog, drain: Drain): void {
  const server = adapter.getInstance();
  server.decorateRequest('vaultPseudonym', '');

  // Through the adapter, whose own hooks come first: what they answer has an id and a line in the log too.
  adapter.setOnRequestHook((request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => {
    requestLog.open(request, reply);
    reply.header('X-Request-Id', request.id).header('Cache-Control', 'no-store');
    done();
  });

  // After the adapter's, so that these refusals carry the security headers.
  server.addHook('onRequest', (request, _reply, done) => done(refusalOf(request)));

  // After the body has been read, so that nothing between here and the handler leaves the context.
  server.addHook('preHandler', (request, _reply, done) => {
    TenantContext.runRequest({ requestId: request.id }, done);
  });

  server.addHook('onSend', (request, reply, payload, done) => {
    requestLog.noteVault(request);
    if (drain.active) reply.header('Connection', 'close');
    done(null, payload);
  });
}

function refusalOf(request: FastifyRequest): Error | undefined {
  try {
    refuseMissingHost(request);
    refuseEncodedBody(request);
    refuseRepeatedHeaders(request.raw.rawHeaders);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** RFC 9112 §3.2: a request of HTTP/1.1 names its host. */
function refuseMissingHost({ raw }: FastifyRequest): void {
  if (raw.headers.host !== undefined || raw.httpVersion !== '1.1') return;
  throw new ApiError(400, 'INVALID_HEADER', 'The header host is missing.', {
    errors: [{ field: 'host', message: 'must be sent' }],
    // Whoever leaves it out does not speak HTTP/1.1: nothing more is expected of the connection.
    headers: { Connection: 'close' },
  });
}

/** Node keeps the first of two, or joins them: neither is what both readers of a request agree on. */
function refuseRepeatedHeaders(rawHeaders: readonly string[]): void {
  let seen: Set<string> | undefined;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = rawHeaders[at].toLowerCase();
    if (!SINGLE_HEADERS.has(name)) continue;
    seen ??= new Set();
    if (seen.has(name)) {
      throw new ApiError(400, 'INVALID_HEADER', `The header ${name} must be sent once.`, {
        errors: [{ field: name, message: 'must be sent once' }],
      });
    }
    seen.add(name);
  }
}
