import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DOCS_PATH } from './openapi.js';
import { isOpenMemoryTarget } from './openmemory-errors.js';

/** An API's answers are no pages: nothing in them may load, run or be framed. */
const API_POLICY = { 'default-src': "'none'", 'frame-ancestors': "'none'" };

/** The documentation's page loads its own scripts and styles, and has styles written into it. */
const DOCS_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
].join(';');

const ALLOWED_HEADERS = [
  'Authorization',
  'X-Api-Key',
  'Content-Type',
  'If-Match',
  'Idempotency-Key',
  'X-Vault-Id',
  'X-User-Id',
  // Of the Model Context Protocol.
  'Mcp-Protocol-Version',
  'Mcp-Method',
  'Mcp-Name',
];
const EXPOSED_HEADERS = ['ETag', 'X-Request-Id', 'Retry-After', 'WWW-Authenticate'];
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'];
/** Seconds a browser may remember what it is allowed. */
const PREFLIGHT_MAX_AGE = 600;

/** Helmet's set of headers, in the form that the framework has built in: worked out once, not per request. */
export function secureHeaders(app: NestFastifyApplication): void {
  app.useSecurityHeaders({
    contentSecurityPolicy: { useDefaults: false, directives: API_POLICY },
    xFrameOptions: { action: 'deny' },
  });
  app
    .getHttpAdapter()
    .getInstance()
    .addHook('onRequest', (request, reply, done) => {
      if (request.routeOptions.url?.startsWith(DOCS_PATH))
        reply.header('Content-Security-Policy', DOCS_POLICY);
      done();
    });
}

/** Pages of these origins may call the API; those of any other may not. Compared exactly. */
export function allowOrigins(app: NestFastifyApplication, origins: readonly string[]): void {
  if (origins.length === 0) return;
  app.enableCors({
    origin: [...origins],
    methods: METHODS,
    allowedHeaders: ALLOWED_HEADERS,
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_MAX_AGE,
    credentials: false,
  });
}

/**
 * Answers OPTIONS on OpenMemory's paths with 200 and nothing, as its server did, but without its permission for every
 * origin: what a page may ask is said by `allowOrigins` alone, to the origins that it names.
 */
export function answerOptions(app: NestFastifyApplication, origins: readonly string[]): void {
  const server = app.getHttpAdapter().getInstance();
  server.addHook('onRequest', (request, reply, done) => {
    const isOfPage = origins.length > 0 && request.headers.origin !== undefined;
    if (request.method !== 'OPTIONS' || isOfPage || !isOpenMemoryTarget(request.raw.url)) done();
    else void reply.code(200).send();
  });
}
