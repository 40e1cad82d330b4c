import type { FastifyInstance, FastifyRequest, RequestPayload } from 'fastify';
import { parse as parseWithoutPrototypes } from 'secure-json-parse';
import { ApiError } from './api-error.js';
import { failureOfStatus } from './failure.js';
import { scanJson } from './json-scan.js';
import { isOpenMemoryTarget } from './openmemory-errors.js';
import { hasStreamedBody, leaveStreamedBodies } from './streamed-body.js';

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/** `application/json` and every type with its suffix, such as `application/merge-patch+json`. */
const JSON_TYPES: readonly (string | RegExp)[] = ['application/json', /^application\/[\w.-]+\+json(?:;|$)/];

/** A JSON value a line; for routes with a streamed body alone. */
const LINE_TYPES: readonly string[] = ['application/x-ndjson', 'application/jsonl'];

/**
 * Makes JSON the only kind of body that is read; any other is answered 415, or passed over on OpenMemory's paths. Bodies over Fastify's `bodyLimit`
 * are answered 413. Before any route is added.
 */
export function acceptJsonBodies(server: FastifyInstance): void {
  server.removeAllContentTypeParsers();
  leaveStreamedBodies(server);
  server.addContentTypeParser('*', (request, payload, done) => {
    if (isOpenMemoryTarget(request.raw.url)) passOver(request, payload, done);
    else done(request.is404 ? null : unsupportedType(), undefined);
  });
  server.addContentTypeParser([...LINE_TYPES], (request, payload, done) => {
    if (isOpenMemoryTarget(request.raw.url)) passOver(request, payload, done);
    else done(hasStreamedBody(request) ? null : unsupportedType(), undefined);
  });
  for (const type of JSON_TYPES) {
    server.addContentTypeParser(type, { parseAs: 'buffer' }, (_request, body, done) => {
      try {
        done(null, parseJsonBody(body as Buffer));
      } catch (error) {
        done(error as Error, undefined);
      }
    });
  }
}

function unsupportedType(): ApiError {
  return refusal(415);
}

function refusal(status: number): ApiError {
  const { code, detail } = failureOfStatus(status);
  return new ApiError(status, code, detail);
}

/**
 * OpenMemory's server passed over bodies of other types: what has to be in them is said to be missing. The body is
 * read all the same, so that nothing is done for a request whose end is no HTTP.
 */
function passOver(
  { routeOptions }: FastifyRequest,
  payload: RequestPayload,
  done: (error: Error | null, body: undefined) => void,
): void {
  let length = 0;
  const end = (error: Error | null) => {
    payload.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
    done(error, undefined);
  };
  const onData = (part: Buffer) => {
    length += part.length;
    if (length > routeOptions.bodyLimit) end(refusal(413));
  };
  const onEnd = () => end(null);
  const onGone = () => end(refusal(400));
  payload.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
}

/** Whether the body comes as a JSON value a line, and not as one. */
export function isLines({ mediaType }: FastifyRequest): boolean {
  return mediaType !== undefined && LINE_TYPES.includes(mediaType);
}

/**
 * Reads a JSON body: UTF-8, at most 32 levels deep, every number as exact as it was written, no names that
 * reach for a prototype. The message never repeats what was sent.
 *
 * @returns undefined when there is none
 * @throws ApiError 400 INVALID_JSON, or VALIDATION_FAILED naming the field
 */
export function parseJsonBody(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  let text: string;
  try {
    text = UTF8.decode(body);
  } catch {
    throw new ApiError(400, 'INVALID_JSON', 'The body is not UTF-8.');
  }
  return parseJsonText(text);
}

/**
 * The same of a text.
 *
 * @param what it is called in messages
 */
export function parseJsonText(text: string, what = 'body'): unknown {
  scanJson(text, what);
  try {
    // The scan has refused such names already, and said which; this is the second lock on that door.
    return parseWithoutPrototypes(text, { protoAction: 'error', constructorAction: 'error' });
  } catch {
    throw new ApiError(400, 'INVALID_JSON', `The ${what} is not valid JSON.`);
  }
}

/** Compressed bodies are not unpacked: a small one could stand for gigabytes. */
export function refuseEncodedBody(request: FastifyRequest): void {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding.trim().toLowerCase() === 'identity') return;
  throw new ApiError(415, 'UNSUPPORTED_MEDIA_TYPE', 'The body must not be compressed.', {
    headers: { 'Accept-Encoding': 'identity' },
  });
}
