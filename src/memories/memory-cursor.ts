import { decodeCursor, encodeCursor } from '../http/cursor.js';

/** The last row of a page: the next one begins after it. */
export interface PageKey {
  readonly createdAt: number;
  readonly id: string;
}

/** The cursor of the page after `key`. @param filters with the order */
export function encodeMemoryCursor({ createdAt, id }: PageKey, filters: object): string {
  return encodeCursor([createdAt, id], filters);
}

/** @throws ApiError 400 INVALID_CURSOR for anything that was not made for this very query */
export function decodeMemoryCursor(cursor: string, filters: object): PageKey {
  const [createdAt, id] = decodeCursor(cursor, ['integer', 'string'], filters);
  return { createdAt, id };
}
