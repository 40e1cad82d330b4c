import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Observable, from, lastValueFrom } from 'rxjs';
import { headerValues } from '../auth/raw-headers.js';
import { accessOf } from '../auth/route-access.decorators.js';
import { ApiError } from '../http/api-error.js';
import { hasStreamedBody } from '../http/streamed-body.js';
import { Idempotency, type KeptAnswer } from './idempotency.js';

const UNKEYED = 'cairn:unkeyed';

/**
 * The route passes over Idempotency-Key: repeated, it has the same outcome anyway, and its work is too much for
 * the one transaction that a key takes.
 */
export const Unkeyed = () => SetMetadata(UNKEYED, true);

const SECRET = 'cairn:answers-secret';

/** The route answers with a secret, which is kept nowhere; so Idempotency-Key is refused. */
export const AnswersSecret = () => SetMetadata(SECRET, true);

/** Printable ASCII: what a header can hold without ambiguity. */
const KEY = /^[\x21-\x7e](?:[\x20-\x7e]{0,253}[\x21-\x7e])?$/;

/**
 * The key of a request, undefined where it has none.
 * @throws ApiError 400 INVALID_HEADER for a key given twice, or that is none
 */
export function idempotencyKeyOf(request: FastifyRequest): string | undefined {
  const values = headerValues(request.raw.rawHeaders, 'idempotency-key');
  if (values.length === 0) return undefined;
  if (values.length === 1 && KEY.test(values[0])) return values[0];
  throw new ApiError(400, 'INVALID_HEADER', 'A header of the request cannot be read; errors says which.', {
    errors: [
      { field: 'Idempotency-Key', message: 'must be given once: 1 to 255 printable ASCII characters' },
    ],
  });
}

/** Answers a request that had its effect before with the former answer. */
export async function answerOnce<T>(
  idempotency: Idempotency,
  {
    request,
    reply,
    key,
    bodyHash,
  }: { request: FastifyRequest; reply: FastifyReply; key: string; bodyHash: string },
  handle: () => Promise<T>,
): Promise<T> {
  const { method, url } = request;
  const [path] = url.split('?', 1);
  const { answer, replayed } = await idempotency.once({ method, path, key, bodyHash }, async () => {
    const body = await handle();
    const etag = reply.getHeader('etag');
    return {
      status: reply.statusCode,
      ...(typeof etag === 'string' ? { etag } : {}),
      body,
    } satisfies KeptAnswer;
  });
  if (replayed) {
    reply.status(answer.status).header('Idempotency-Replayed', 'true');
    if (answer.etag !== undefined) reply.header('ETag', answer.etag);
  }
  return answer.body as T;
}

/** Idempotency-Key for every route that writes, other than those with a streamed body, which see to it themselves. */
@Injectable()
export class IdempotencyInterceptor implements NestInterceptor {
  constructor(private readonly idempotency: Idempotency) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const http = context.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    if (request.method === 'GET' || !isWriting(context) || hasStreamedBody(request)) return next.handle();
    const key = idempotencyKeyOf(request);
    if (key === undefined) return next.handle();
    if (Reflect.getMetadata(SECRET, context.getHandler()) === true) throw keyRefused();
    const reply = http.getResponse<FastifyReply>();
    const { body = null, query } = request;
    const bodyHash = createHash('sha256')
      .update(JSON.stringify([body, query, request.headers['if-match'] ?? null]))
      .digest('hex');
    return from(
      answerOnce(this.idempotency, { request, reply, key, bodyHash }, () =>
        lastValueFrom(next.handle(), { defaultValue: undefined }),
      ),
    );
  }
}

function keyRefused(): ApiError {
  return new ApiError(
    400,
    'INVALID_HEADER',
    'This route takes no Idempotency-Key: its answer holds a secret, which is not kept for a second time.',
    { errors: [{ field: 'Idempotency-Key', message: 'must not be given here' }] },
  );
}

/** Reads have no effect, and what operators do concerns other vaults than the one the answer would be kept in. */
function isWriting(context: ExecutionContext): boolean {
  const handler = context.getHandler();
  const access = accessOf(handler, context.getClass());
  if (access !== 'write' && access !== 'delete' && access !== 'admin') return false;
  return Reflect.getMetadata(UNKEYED, handler) !== true;
}
