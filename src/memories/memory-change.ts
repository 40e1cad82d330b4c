import { hash } from 'node:crypto';
import { ApiError, unacceptable } from '../http/api-error.js';
import type { NewMemory, PatchMemoryDto } from './memory.dto.js';
import { jsonObject } from './stored-json.js';
import type { Memory } from './memory.entity.js';
import { salienceInSectors } from './salience.js';
import { type Classification, DECAY_LAMBDA, type Sector, classify, initialSalience } from './sectors.js';

/** The fields of a new memory that follow from the request alone. */
export function contentsOf(input: NewMemory) {
  const { primary, sectors } = sectorsOf(input.content, input.metadata, input.sector);
  return {
    collection: input.collection ?? null,
    sessionId: input.session_id ?? null,
    content: input.content,
    contentHash: hashOf(input.content),
    primarySector: primary,
    sectors: JSON.stringify(sectors),
    tags: JSON.stringify(input.tags ?? []),
    metadata: JSON.stringify(input.metadata ?? {}),
    salience: input.salience ?? initialSalience(sectors),
    decayLambda: DECAY_LAMBDA[primary],
    expiresAt: input.expires_at ?? null,
  };
}

/** Makes of `memory` its next version. */
export function applyChange(memory: Memory, change: PatchMemoryDto, now: number): void {
  if (change.content !== undefined) {
    memory.content = change.content;
    memory.contentHash = hashOf(change.content);
  }
  if (change.tags !== undefined) memory.tags = JSON.stringify(change.tags);
  if (change.metadata !== undefined) memory.metadata = JSON.stringify(change.metadata);
  if (change.content !== undefined || change.sector !== undefined) {
    const { primary, sectors } = sectorsOf(memory.content, jsonObject(memory.metadata), change.sector);
    memory.primarySector = primary;
    memory.salience = salienceInSectors(memory, sectors);
    memory.sectors = JSON.stringify(sectors);
    memory.decayLambda = DECAY_LAMBDA[primary];
  }
  if (change.user_id !== undefined) memory.userId = change.user_id ?? '';
  if (change.session_id !== undefined) memory.sessionId = change.session_id;
  if (change.collection !== undefined) memory.collection = change.collection;
  if (change.expires_at !== undefined) memory.expiresAt = change.expires_at;
  memory.version += 1;
  memory.updatedAt = now;
}

/**
 * What is to be written of a changed memory: nothing of what stays, because rows of adopted databases hold texts and
 * numbers that JavaScript cannot give back as they are.
 */
export function changedColumns(before: Memory, after: Memory): Partial<Memory> {
  const names = (Object.keys(after) as (keyof Memory)[]).filter((name) => after[name] !== before[name]);
  return Object.fromEntries(names.map((name) => [name, after[name]]));
}

/** SHA-256 of a memory's content, as `content_hash` holds it. */
export function hashOf(content: string): string {
  return hash('sha256', content, 'hex');
}

function sectorsOf(
  content: string,
  metadata: Readonly<Record<string, unknown>> | undefined,
  told: Sector | undefined,
): Classification {
  return told === undefined ? classify(content, metadata) : { primary: told, sectors: [told] };
}

/** @throws ApiError 412 VERSION_MISMATCH where versions are expected, and this is none of them */
export function checkVersion(memory: Memory, expected: readonly number[] | undefined): void {
  if (expected && !expected.includes(memory.version)) {
    throw new ApiError(412, 'VERSION_MISMATCH', 'The memory has been changed since: read it again.');
  }
}

/** @throws ApiError 400 for a change without a field */
export function refuseEmpty(change: PatchMemoryDto): void {
  if (Object.values(change).every((value) => value === undefined)) {
    throw new ApiError(400, 'VALIDATION_FAILED', 'The request changes nothing: name at least one field.');
  }
}

/** @throws ApiError 400 for an expiry that has passed */
export function refusePast(expiresAt: number | null | undefined, now: number): void {
  if (expiresAt === null || expiresAt === undefined || expiresAt > now) return;
  throw unacceptable([{ field: 'expires_at', message: 'must be in the future' }]);
}
