import type { Memory } from '../memories/memory.entity.js';
import type { Stored } from '../memories/memory-creator.js';
import type { Found } from '../memories/memory-search.js';
import { MemoryDto } from '../memories/memory-view.dto.js';
import { shownOwner } from '../memories/named-user.js';

/** A memory as OpenMemory lists it. @param now ms since 1970 */
export function listedMemory(memory: Memory, now: number) {
  const { sectors: _, user_id, ...rest } = wholeMemory(memory, now);
  return { ...rest, user_id };
}

/** A memory as OpenMemory gives one by its id. */
export function wholeMemory(memory: Memory, now: number) {
  const { id, content, primary_sector, sectors, tags, metadata, salience, ...rest } = MemoryDto.of(
    memory,
    now,
  );
  return {
    ...{ id, content, primary_sector, sectors, tags, metadata },
    created_at: rest.created_at,
    updated_at: rest.updated_at,
    last_seen_at: rest.last_seen_at,
    salience,
    decay_lambda: memory.decayLambda,
    version: rest.version,
    user_id: shownOwner(memory),
    ...projectOf(memory),
  };
}

/** A memory that was found. The way there is the memory itself: nothing is found by way of another. */
export function matchOf({ memory, score }: Found, now: number) {
  const { id, content, sectors, primary_sector, salience, last_seen_at } = MemoryDto.of(memory, now);
  return {
    ...{ id, content, score, sectors, primary_sector, path: [id], salience, last_seen_at },
    ...projectOf(memory),
  };
}

/** What is answered to one that was stored, whole and in one piece, or was there already. */
export function addedMemory({ memory, created }: Stored) {
  const { id, primary_sector, sectors } = MemoryDto.of(memory);
  return created
    ? { id, primary_sector, sectors, chunks: 1 }
    : { id, primary_sector, sectors: [primary_sector], deduplicated: true };
}

/** Only where there is one: OpenMemory's own answers leave it out. */
function projectOf({ collection }: Memory): { project_id?: string } {
  return collection === null ? {} : { project_id: collection };
}
