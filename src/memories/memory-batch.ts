import { Injectable, Logger } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError } from '../http/api-error.js';
import { type Failure, failureOf } from '../http/failure.js';
import type { BatchResultDto, BatchRowDto } from './memory-batch.dto.js';
import { ArrivalOrder } from './memory-batch-order.js';
import { MemoryCreator, type Stored } from './memory-creator.js';
import type { CreateMemoryDto } from './memory.dto.js';

/** Rows of one transaction. */
const CHUNK_ROWS = 200;
/** Bytes of rows after which a transaction takes no more, so that long texts do not keep others waiting. */
const CHUNK_BYTES = 256 * 1024;
/** Failed rows that are told field by field: else an answer could be many times as large as its request. */
const ROWS_EXPLAINED = 1_000;

/** The memories of a batch, in order. */
export interface BatchRows {
  readonly length: number;
  /** The size of one as it was sent, in bytes. */
  sizeOf(index: number): number;
  /** Reads one. @throws ApiError for one that is not acceptable */
  read(index: number): CreateMemoryDto;
}

/** Stores many memories at one request, some at a time. */
@Injectable()
export class MemoryBatch {
  private readonly logger = new Logger('MemoryBatch');

  constructor(private readonly creator: MemoryCreator) {}

  /**
   * Stores what can be stored, in chunks of up to 200 rows: each is a transaction of its own, and others have
   * their turn between two. When the database gives out in the midst of it, the answer says so of each row from
   * there on, and what is told as stored is stored.
   *
   * @param whole all of it is part of one transaction that is running, and fails with it
   * @throws BusyError, StorageFullError, ApiError (as for a single memory) when nothing at all was stored
   */
  async store(rows: BatchRows, whole = false): Promise<BatchResultDto> {
    const report = new Report();
    const order = new ArrivalOrder();
    for (let start = 0; start < rows.length;) {
      try {
        const chunk = readChunk(rows, start);
        await nextTurn();
        for (const outcome of await this.storeChunk(chunk, order)) report.add(outcome);
        start += chunk.length;
      } catch (error) {
        if (whole || report.created === 0) throw error;
        const failure = failureOf(error);
        if (failure.status === 500) this.logger.error(error);
        while (report.results.length < rows.length) report.addFailure(failure);
        break;
      }
      await nextTurn();
    }
    return report;
  }

  /** @returns for each what became of it */
  private async storeChunk(
    chunk: readonly (CreateMemoryDto | ApiError)[],
    order: ArrivalOrder,
  ): Promise<(Stored | ApiError)[]> {
    const inputs = chunk.filter((row): row is CreateMemoryDto => !(row instanceof ApiError));
    const outcomes = await this.creator.create(inputs, order);
    let next = 0;
    return chunk.map((row) => (row instanceof ApiError ? row : outcomes[next++]));
  }
}

/** The rows of the next transaction, those that are refused already among them. */
function readChunk(rows: BatchRows, start: number): (CreateMemoryDto | ApiError)[] {
  const chunk: (CreateMemoryDto | ApiError)[] = [];
  let bytes = 0;
  for (let index = start; index < rows.length && chunk.length < CHUNK_ROWS && bytes < CHUNK_BYTES; index++) {
    bytes += rows.sizeOf(index);
    try {
      chunk.push(rows.read(index));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      chunk.push(error);
    }
  }
  return chunk;
}

/** The answer, as it grows. */
class Report implements BatchResultDto {
  created = 0;
  failed = 0;
  readonly results: BatchRowDto[] = [];

  add(outcome: Stored | ApiError): void {
    if (outcome instanceof ApiError) {
      this.addFailure(failureOf(outcome));
      return;
    }
    const { memory, created } = outcome;
    if (created) this.created += 1;
    this.results.push({
      index: this.results.length,
      status: created ? 'created' : 'returned',
      id: memory.id,
      version: memory.version,
    });
  }

  addFailure({ code, detail, errors }: Failure): void {
    this.failed += 1;
    this.results.push({
      index: this.results.length,
      status: 'failed',
      error: {
        code,
        message: detail,
        errors: this.failed <= ROWS_EXPLAINED && errors ? [...errors] : undefined,
      },
    });
  }
}
