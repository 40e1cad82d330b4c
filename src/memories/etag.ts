import { ApiError } from '../http/api-error.js';

/** A version as an entity tag (RFC 9110 §8.8.3). */
export function etagOf({ version }: { version: number }): string {
  return `"${version}"`;
}

/** Whether an If-None-Match names this version; weak comparison (RFC 9110 §13.1.2). */
export function matchesEtag(header: string, memory: { version: number }): boolean {
  const tags = header.split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  return tags.includes('*') || tags.includes(etagOf(memory));
}

/**
 * The versions an If-Match allows; strong comparison (RFC 9110 §13.1.1), so a weak tag allows none.
 *
 * @returns undefined where any version will do
 * @throws ApiError 400 INVALID_HEADER for a header that is no list of entity tags
 */
export function versionsOf(header: string | undefined): number[] | undefined {
  if (header === undefined || header.trim() === '*') return undefined;
  const tags = header.split(',').map((tag) => tag.trim());
  if (!tags.every((tag) => /^(W\/)?"[\x21\x23-\x7e\x80-\xff]*"$/.test(tag))) {
    throw new ApiError(400, 'INVALID_HEADER', 'The header If-Match is not a list of entity tags.', {
      errors: [{ field: 'If-Match', message: 'must be an ETag of the memory, in its quotes, or *' }],
    });
  }
  const versions = tags.map((tag) => Number(tag.slice(1, -1)));
  return versions.filter((version, i) => etagOf({ version }) === tags[i]);
}
