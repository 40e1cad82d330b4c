import { ApiError } from '../http/api-error.js';

const DEFAULT_LIMIT = 100;
const MAX_LIMIT = 10_000;
const MAX_OFFSET = Number.MAX_SAFE_INTEGER;

/** The spellings of the server, and those of its own SDKs. */
export const PAGE_NAMES = ['l', 'u', 'limit', 'offset'] as const;

export type OldPageQuery = Readonly<Partial<Record<(typeof PAGE_NAMES)[number], string>>>;

export interface OldPage {
  readonly limit: number;
  readonly offset: number;
}

/** @throws ApiError 400 INVALID_PAGINATION */
export function pageOf({ l, u, limit, offset }: OldPageQuery, most = MAX_LIMIT): OldPage {
  return {
    limit: countOf(l ?? limit, Math.min(DEFAULT_LIMIT, most), most),
    offset: countOf(u ?? offset, 0, MAX_OFFSET),
  };
}

function countOf(given: string | undefined, usual: number, most: number): number {
  if (given === undefined || given === '') return usual;
  const count = /^\d{1,16}$/.test(given) ? Number(given) : Infinity;
  if (count > most) throw invalidPagination('l and u (or limit and offset) must be whole numbers in range');
  return count;
}

export function invalidPagination(detail: string): ApiError {
  return new ApiError(400, 'INVALID_PAGINATION', detail);
}
