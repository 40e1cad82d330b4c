import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { RouteConfig } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, RequestPayload } from 'fastify';
import { BusyError } from '../database/busy.error.js';
import { ApiError } from './api-error.js';
import { failureOfStatus } from './failure.js';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Of a route that reads its body by itself: the largest it takes, in bytes. */
    streamedBodyLimit?: number;
  }
}

/** Bytes of streamed bodies that the process holds at once: what is beyond is told to come again. */
const MOST_BYTES_HELD = 128 * 1024 * 1024;
const FIRST_CAPACITY = 64 * 1024;

let bytesHeld = 0;

/**
 * The route reads its body by itself, with `withStreamedBody`: nothing of it is read before the guards have let
 * the request in, since a body of this size is not to be held for strangers.
 *
 * @param limit the largest body it takes, in bytes, whatever holds for other routes
 */
export const StreamedBody = (limit: number) => RouteConfig({ streamedBodyLimit: limit });

/** Makes `StreamedBody` work; before any route is added. */
export function leaveStreamedBodies(server: FastifyInstance): void {
  server.addHook('onRoute', (route) => {
    const limit = route.config?.streamedBodyLimit;
    if (limit === undefined) return;
    // For a length that is told beforehand; what arrives is counted where it is read.
    route.bodyLimit = limit;
    route.preParsing = leaveBody;
  });
}

export function hasStreamedBody(request: FastifyRequest): boolean {
  return request.routeOptions.config.streamedBodyLimit !== undefined;
}

/** Has Fastify parse nothing, in place of a body that stays where it is. */
function leaveBody(
  { headers }: FastifyRequest,
  _reply: FastifyReply,
  _payload: RequestPayload,
  done: (error: null, payload: RequestPayload) => void,
): void {
  const nothing: RequestPayload = Readable.from([]);
  // Fastify compares the two.
  nothing.receivedEncodedLength = Number(headers['content-length'] ?? 0);
  done(null, nothing);
}

/**
 * Reads the body of a `StreamedBody` route and runs `use` on it.
 *
 * @throws ApiError 413 for a larger one; BusyError where others' bodies leave no room for it
 */
export async function withStreamedBody<T>(
  request: FastifyRequest,
  use: (body: Buffer) => Promise<T>,
): Promise<T> {
  const limit = request.routeOptions.config.streamedBodyLimit;
  if (limit === undefined) throw new Error('This route does not have a streamed body');
  let own = 0;
  const hold = (bytes: number) => {
    if (bytesHeld + bytes > MOST_BYTES_HELD) throw new BusyError();
    bytesHeld += bytes;
    own += bytes;
  };
  try {
    return await use(await read(request.raw, limit, hold));
  } finally {
    bytesHeld -= own;
  }
}

/** @param hold called with the bytes of each part that arrives; what it throws ends the reading */
function read(raw: IncomingMessage, limit: number, hold: (bytes: number) => void): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    // One buffer that grows: a body may come in millions of parts, and each would keep what it came in alive.
    let body: Buffer = Buffer.allocUnsafeSlow(FIRST_CAPACITY);
    let length = 0;
    const leave = () => {
      raw.off('data', onData).off('end', onEnd).off('error', onGone).off('close', onGone);
    };
    // Without a listener the rest flows on into nothing, so that the refusal can be answered.
    const fail = (error: unknown) => {
      leave();
      reject(error);
    };
    const onData = (part: Buffer) => {
      try {
        if (length + part.length > limit) throw refusal(413);
        hold(part.length);
      } catch (error) {
        fail(error);
        return;
      }
      if (length + part.length > body.length) body = grown(body, length, length + part.length);
      part.copy(body, length);
      length += part.length;
    };
    const onEnd = () => {
      leave();
      resolve(body.subarray(0, length));
    };
    const onGone = () => fail(refusal(400));
    if (raw.destroyed) {
      onGone();
      return;
    }
    raw.on('data', onData).on('end', onEnd).on('error', onGone).on('close', onGone);
  });
}

function grown(body: Buffer, length: number, needed: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.max(2 * body.length, needed));
  body.copy(larger, 0, 0, length);
  return larger;
}

function refusal(status: number): ApiError {
  const { code, detail } = failureOfStatus(status);
  return new ApiError(status, code, detail);
}
