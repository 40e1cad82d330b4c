import { isDeepStrictEqual } from 'node:util';
import type { SelectQueryBuilder } from 'typeorm';
import { ApiError, unacceptable } from '../http/api-error.js';
import { parseJsonBody } from '../http/json-body.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { jsonObject, jsonStrings } from './stored-json.js';
import type { Memory } from './memory.entity.js';
import type { MemoryFilterQueryDto, MemoryFiltersDto } from './memory-query.dto.js';

/** 403 for a user's token that names another user; a service scope may name anyone. */
export function refuseOtherUser(userId: string | null | undefined): void {
  const own = TenantContext.scope().userId;
  if (own !== undefined && userId !== undefined && userId !== own) {
    throw new ApiError(403, 'FORBIDDEN', 'This token acts for one user and cannot name another.', {
      errors: [{ field: 'user_id', message: "must be the token's own user, or absent" }],
    });
  }
}

/** The conditions of a query string as those of a search body. @throws ApiError 400 for metadata that is no JSON object */
export function filtersOf(query: MemoryFilterQueryDto): MemoryFiltersDto {
  const { sector, tag, metadata, user_id, session_id, collection, created_after, created_before } = query;
  return {
    user_id,
    session_id,
    collection,
    created_after,
    created_before,
    sectors: sector === undefined ? undefined : [sector],
    tags: tag === undefined ? undefined : [tag],
    metadata: metadata === undefined ? undefined : parseMetadata(metadata),
  };
}

/** Read as a body's metadata is, so that a filter can say exactly what a memory can hold. */
function parseMetadata(text: string): Record<string, unknown> {
  try {
    const value = parseJsonBody(Buffer.from(text, 'utf8'));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch (error) {
    const [found] = (error instanceof ApiError ? error.errors : undefined) ?? [];
    if (found) throw unusable(`metadata.${found.field}`, found.message);
  }
  throw unusable('metadata', 'must be a JSON object');
}

function unusable(field: string, message: string): ApiError {
  return unacceptable([{ field, message }]);
}

/** Whether the filters turn nothing away because there are none. */
export function isEmpty({ metadata, ...others }: MemoryFiltersDto): boolean {
  const isOpen = metadata === undefined || Object.keys(metadata).length === 0;
  return isOpen && Object.values(others).every((value) => value === undefined);
}

/** Adds the conditions that columns can answer to a query of memories with the alias `m`. */
export function whereColumns(
  query: SelectQueryBuilder<Memory>,
  filters: MemoryFiltersDto,
): SelectQueryBuilder<Memory> {
  const { user_id, session_id, collection, created_after, created_before } = filters;
  if (user_id !== undefined) query.andWhere('m.userId = :user_id', { user_id });
  if (session_id !== undefined) query.andWhere('m.sessionId = :session_id', { session_id });
  if (collection !== undefined) query.andWhere('m.collection = :collection', { collection });
  if (created_after !== undefined) query.andWhere('m.createdAt >= :created_after', { created_after });
  if (created_before !== undefined) query.andWhere('m.createdAt < :created_before', { created_before });
  return query;
}

/**
 * The check for what stands in JSON text, undefined when the filters ask for nothing of the kind. It is done
 * here and not in SQL because both databases keep JSON as text, exactly as it came.
 */
export function jsonCheck({
  sectors,
  tags,
  metadata,
}: MemoryFiltersDto): ((memory: Memory) => boolean) | undefined {
  if (!sectors?.length && !tags?.length && !metadata) return undefined;
  // As it would have been stored: JSON knows no negative zero.
  const wanted = Object.entries(metadata ? jsonObject(JSON.stringify(metadata)) : {});
  return (memory) => {
    if (sectors?.length) {
      const own = [memory.primarySector, ...jsonStrings(memory.sectors)];
      if (!sectors.some((sector) => own.includes(sector))) return false;
    }
    if (tags?.length) {
      const own = new Set(jsonStrings(memory.tags));
      if (!tags.every((tag) => own.has(tag))) return false;
    }
    const own = wanted.length > 0 ? jsonObject(memory.metadata) : {};
    return wanted.every(([key, value]) => Object.hasOwn(own, key) && isEqual(own[key], value));
  };
}

/** Adopted metadata may hold the negative zero that requests cannot. */
function isEqual(own: unknown, value: unknown): boolean {
  return own === value || isDeepStrictEqual(own, value);
}

/** Whether a memory that is at hand passes the filters; what its owner is, is for the query that found it. */
export function matchesFilters(memory: Memory, filters: Omit<MemoryFiltersDto, 'user_id'>): boolean {
  const { session_id, collection, created_after, created_before } = filters;
  if (session_id !== undefined && memory.sessionId !== session_id) return false;
  if (collection !== undefined && memory.collection !== collection) return false;
  if (created_after !== undefined && memory.createdAt < created_after) return false;
  if (created_before !== undefined && memory.createdAt >= created_before) return false;
  return jsonCheck(filters)?.(memory) ?? true;
}
