import { hashOf } from '../../memories/memory-change.js';
import type { Memory } from '../../memories/memory.entity.js';
import { DECAY_LAMBDA, classify, initialSalience } from '../../memories/sectors.js';
import { jsonObject } from '../../memories/stored-json.js';
import { TenantContext } from '../../tenancy/tenant-context.js';
import type { MemoryDraft } from './outcome.js';

/**
 * The memory that a draft becomes; its position it gets when it is stored.
 *
 * @param now stands in for times that are not known; ms since 1970
 */
export function memoryOf(draft: MemoryDraft, id: string, now: number, onPostgres: boolean): Memory {
  const content = storable(draft.content, onPostgres);
  const sectors = draft.sectors ?? classify(content, jsonObject(draft.metadata)).sectors;
  const createdAt = draft.createdAt ?? now;
  return {
    vaultId: TenantContext.scope().vaultId,
    id,
    userId: draft.userId,
    collection: draft.collection ?? null,
    sessionId: draft.sessionId ?? null,
    position: NaN,
    content,
    contentHash: hashOf(content),
    primarySector: sectors[0],
    sectors: JSON.stringify(sectors),
    tags: draft.tags,
    metadata: draft.metadata.toWellFormed(),
    salience: draft.salience ?? initialSalience(sectors),
    decayLambda: draft.decayLambda ?? DECAY_LAMBDA[sectors[0]],
    lastSeenAt: draft.lastSeenAt ?? draft.updatedAt ?? createdAt,
    version: draft.version ?? 1,
    createdAt,
    updatedAt: draft.updatedAt ?? createdAt,
    expiresAt: draft.expiresAt ?? null,
  };
}

/** As the database can hold it: no half of a surrogate pair, and on PostgreSQL no U+0000. */
export function storable(text: string, onPostgres: boolean): string {
  const wellFormed = text.toWellFormed();
  return onPostgres ? wellFormed.replaceAll('\u0000', '\ufffd') : wellFormed;
}
