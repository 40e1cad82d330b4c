import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../config/config.js';
import { failureOf, failureOfStatus } from './failure.js';
import { writeJson } from './json-text.js';
import type { Log } from './logger.js';
import { sendFailure } from './problem.filter.js';
import { errorAnswerOf } from './problem.js';
import { parseQuery } from './query.js';
import { requestIdOf } from './request-id.js';

/** A request's header must arrive within this. Milliseconds. */
const HEADERS_TIMEOUT = 10_000;
/** A whole request must arrive within this: the largest body over a slow line. Milliseconds. */
const REQUEST_TIMEOUT = 60_000;
/** How often the two above are looked after. Milliseconds. */
const TIMEOUT_CHECK_INTERVAL = 5_000;
/** An idle connection is kept this long: longer than the 60 s usual in load balancers, so that they let go first. */
const KEEP_ALIVE_TIMEOUT = 72_000;
/** Connections at once; more are dropped. Below the usual limit of open files with room for the database. */
const MAX_CONNECTIONS = 10_000;
/**
 * Characters, still percent-encoded. Adopted databases hold names of a thousand characters, which take up to twelve
 * times as many, and Node takes 16 KiB of a request's header.
 */
const MAX_PARAM_LENGTH = 12_288;

/** Sent with answers to requests that are too broken to reach the hooks that set them otherwise. */
const BARE_HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': "default-src 'none'",
  'X-Content-Type-Options': 'nosniff',
};

/** The Fastify server, with the limits of the service, and its errors in the service's own words. */
export function createHttpAdapter(config: Config, log: Log): FastifyAdapter {
  const adapter = new FastifyAdapter({
    bodyLimit: config.http.bodyLimit,
    trustProxy: config.http.trustProxy,
    genReqId: requestIdOf,
    requestTimeout: REQUEST_TIMEOUT,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT,
    http: {
      headersTimeout: HEADERS_TIMEOUT,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL,
      // Node would refuse by itself, without a word of why; a hook of ours says it.
      requireHostHeader: false,
    },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH, querystringParser: parseQuery },
    // What still arrives on an open connection while we stop is served, and then the connection is closed.
    return503OnClosing: false,
    frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) =>
      answerUnroutable(error, request, reply, log),
    clientErrorHandler: (error, socket) => answerUnreadable(error, socket, log),
    // Nothing here is middleware in Express's sense, so its machinery need not run for every request.
    skipMiddie: true,
  });
  adapter.getInstance().setReplySerializer((payload) => writeJson(payload)!);
  const server = adapter.getInstance().server;
  server.maxConnections = MAX_CONNECTIONS;
  server.on('checkExpectation', (request, response) => {
    const failure = failureOfStatus(417);
    const requestId = requestIdOf(request);
    const { status, contentType, body } = errorAnswerOf(failure, requestId, request.url);
    response.writeHead(status, {
      ...BARE_HEADERS,
      'Content-Type': contentType,
      'X-Request-Id': requestId,
    });
    response.end(body);
    log.info({ request_id: requestId, route: 'none', status: failure.status });
  });
  return adapter;
}

/** A path that the router cannot read: it answers before any hook has run. */
function answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply, log: Log): void {
  const failure = failureOf(error);
  reply.headers({ ...BARE_HEADERS, 'X-Request-Id': request.id });
  sendFailure(reply, request, failure);
  log.info({ request_id: request.id, method: request.method, route: 'none', status: failure.status });
}

const STATUS_OF_PARSER_ERROR: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/** Node's own note of the answer that a connection is about to give, or is giving. */
type HttpSocket = Socket & { _httpMessage?: ServerResponse | null };

/** Connections on which something unreadable came in: Node reports it anew with every further byte. */
const unreadable = new WeakSet<Socket>();

/** What is not HTTP, or not in time: there is no request and no response, only the socket. */
function answerUnreadable(error: NodeJS.ErrnoException, socket: HttpSocket, log: Log): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || unreadable.has(socket)) return;
  unreadable.add(socket);
  const status = STATUS_OF_PARSER_ERROR[error.code ?? ''] ?? 400;
  const earlier = socket._httpMessage;
  // A whole request before it may have changed something: its answer is not to be lost.
  if (earlier?.req.complete) earlier.once('close', () => refuseConnection(status, socket, log));
  else refuseConnection(status, socket, log);
}

function refuseConnection(status: number, socket: HttpSocket, log: Log): void {
  const failure = failureOfStatus(status);
  const requestId = requestIdOf();
  // Where an answer is half written, another would end up inside it.
  if (socket.writable && !socket._httpMessage?.headersSent) {
    const { contentType, body } = errorAnswerOf(failure, requestId, undefined);
    const headers = { ...BARE_HEADERS, 'Content-Type': contentType, 'X-Request-Id': requestId };
    socket.write(
      [
        `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}`,
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    );
  }
  socket.destroySoon();
  log.info({ request_id: requestId, route: 'none', status: failure.status });
}
