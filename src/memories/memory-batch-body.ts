import { createHash } from 'node:crypto';
import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiConsumes } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../http/api-error.js';
import { isLines } from '../http/json-body.js';
import { JsonRows } from '../http/json-rows.js';
import { StreamedBody, withStreamedBody } from '../http/streamed-body.js';
import { validated } from '../http/validation.js';
import type { BatchRows } from './memory-batch.js';
import { MAX_BATCH_BYTES, MAX_BATCH_ROWS, MAX_KEYED_ROWS } from './memory-batch.dto.js';
import { CreateMemoryDto } from './memory.dto.js';

/** The route takes the memories of a batch: a JSON array of them, or one a line. */
export const BatchBody = () =>
  applyDecorators(
    StreamedBody(MAX_BATCH_BYTES),
    ApiConsumes('application/json', 'application/x-ndjson'),
    ApiBody({
      type: [CreateMemoryDto],
      description: `The memories, at most ${MAX_BATCH_ROWS} in ${MAX_BATCH_BYTES / 2 ** 20} MiB.`,
    }),
  );

/**
 * Reads the body of a `BatchBody` route and runs `use` on its rows. A row may be as large as the body of a request
 * with one memory.
 *
 * @param use gets the rows, and a function that gives the SHA-256 of the whole body in hex
 * @throws ApiError 400 INVALID_JSON, 413 PAYLOAD_TOO_LARGE or TOO_MANY_ROWS; BusyError for want of memory
 */
export function withBatchRows<T>(
  request: FastifyRequest,
  use: (rows: BatchRows, hash: () => string) => Promise<T>,
): Promise<T> {
  const limits = { rows: MAX_BATCH_ROWS, bytes: request.server.initialConfig.bodyLimit ?? MAX_BATCH_BYTES };
  return withStreamedBody(request, async (body) => {
    const rows = isLines(request)
      ? await JsonRows.ofLines(body, limits)
      : await JsonRows.ofArray(body, limits);
    return use(
      {
        length: rows.length,
        sizeOf: (index) => rows.sizeOf(index),
        read: (index) => validated(CreateMemoryDto, rows.parse(index), 'row'),
      },
      () => createHash('sha256').update(body).digest('hex'),
    );
  });
}

/** @throws ApiError 413 TOO_MANY_ROWS for more rows than a batch with an Idempotency-Key may have */
export function refuseManyKeyed({ length }: BatchRows): void {
  if (length <= MAX_KEYED_ROWS) return;
  throw new ApiError(
    413,
    'TOO_MANY_ROWS',
    `With an Idempotency-Key a batch has at most ${MAX_KEYED_ROWS} rows, since it is stored as a whole.`,
  );
}
