import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

/** The largest body of a batch, in bytes (design: 32 MB). */
export const MAX_BATCH_BYTES = 32 * 1024 * 1024;

/**
 * The most rows of a batch: what 32 MB hold of rows of 335 bytes each. They keep a processor busy for about 20 s,
 * which is as long as clients and proxies may be relied on to wait, and their answer takes 8 MB.
 */
export const MAX_BATCH_ROWS = 100_000;

/** The most rows of a batch with an Idempotency-Key, which is one transaction: others' writes wait for it. */
export const MAX_KEYED_ROWS = 10_000;

export const ROW_STATUSES = ['created', 'returned', 'failed'] as const;

/** One thing wrong with a row: the field, and what is wrong with it. */
export class BatchFieldErrorDto {
  field: string;
  message: string;
}

/** Why a row was not stored: what the creation of that memory alone would have been answered. */
export class BatchRowErrorDto {
  /** A stable word for a program, such as VALIDATION_FAILED or ID_EXISTS. */
  code: string;
  /** A sentence for a person. */
  message: string;
  /** What is wrong with which field. Left out from the 1,001st failed row on. */
  @ApiPropertyOptional({ type: [BatchFieldErrorDto] })
  errors?: BatchFieldErrorDto[];
}

/** What became of one row. */
export class BatchRowDto {
  /** The row's place among the rows, from 0. */
  index: number;
  /** `returned`: `on_duplicate: "return"` found it stored already. */
  @ApiProperty({ enum: ROW_STATUSES })
  status: (typeof ROW_STATUSES)[number];
  /** The memory's id; absent where the row failed. */
  id?: string;
  /** The memory's version; absent where the row failed. */
  version?: number;
  @ApiPropertyOptional({ type: BatchRowErrorDto })
  error?: BatchRowErrorDto;
}

/** What became of a batch. */
export class BatchResultDto {
  /** Rows stored as new memories. */
  created: number;
  /** Rows not stored. */
  failed: number;
  /** One for each row, in the order of the rows. */
  results: BatchRowDto[];
}
