import { indexedOf, slotOf } from '../../src/recall/indexed.js';
import { isCurrent } from '../../src/recall/term-block-layout.js';
import { readSlot, sameSlot, slotCount } from '../../src/recall/term-block.js';
import { TOKENISER_VERSION } from '../../src/recall/terms.js';
import { DatabaseView } from './database-view.js';

interface MemoryRow {
  owner: string;
  id: string;
  position: number;
  content: string;
  metadata: string;
  sessionId: string | null;
  createdAt: number;
  expiresAt: number | null;
  salience: number;
  sectors: string;
}

interface BlockRow {
  owner: string;
  block_no: number;
  first_position: number;
  slots: number;
  data: Buffer;
}

interface ScopeRow {
  owner: string;
  next_position: number;
  memory_count: number;
  term_count: number;
  index_version: number;
}

export interface IndexAudit {
  /** Rows looked at. */
  readonly memories: number;
  /** Memories whose place in the index is missing, empty, or holds other features or another expiry. */
  readonly rowsWithoutEntry: readonly string[];
  /** Places in the index that are not empty and belong to no memory. */
  readonly entriesWithoutRow: readonly string[];
  /** Blocks that do not join, and counters that do not count what is there. */
  readonly inconsistent: readonly string[];
}

/** Compares the recall index of every owner in every vault with the memories it is made of. */
export function auditIndex(databasePath: string): IndexAudit {
  const view = new DatabaseView(databasePath);
  const owner = `${view.keyOf('vault_id', 'user_id')} AS owner`;
  const { memories, blocks, scopes } = view.snapshot(() => ({
    memories: view.all<MemoryRow>(
      `SELECT ${owner}, id, position, content, metadata, session_id AS "sessionId", created_at AS "createdAt",
        expires_at AS "expiresAt", salience, sectors FROM memories`,
    ),
    blocks: view.all<BlockRow>(`SELECT ${owner}, * FROM term_blocks ORDER BY vault_id, user_id, block_no`),
    scopes: view.all<ScopeRow>(`SELECT ${owner}, * FROM scopes`),
  }));
  view.close();
  const audit = {
    memories: memories.length,
    rowsWithoutEntry: [] as string[],
    entriesWithoutRow: [] as string[],
    inconsistent: [] as string[],
  };

  const places = new Map(memories.map((memory) => [`${memory.owner}/${memory.position}`, memory]));
  const found = new Map<string, { next: number; blockNo: number; living: number; terms: number }>();
  for (const block of blocks) {
    const soFar = found.get(block.owner) ?? { next: 0, blockNo: -1, living: 0, terms: 0 };
    found.set(block.owner, soFar);
    if (
      block.first_position !== soFar.next ||
      block.block_no <= soFar.blockNo ||
      block.block_no > block.first_position ||
      !isCurrent(block.data) ||
      block.slots !== slotCount(block.data)
    ) {
      audit.inconsistent.push(`block ${block.block_no} of ${block.owner}`);
    }
    for (let index = 0; index < slotCount(block.data); index += 1) {
      const slot = readSlot(block.data, index);
      const place = `${block.owner}/${block.first_position + index}`;
      const memory = places.get(place);
      if (memory) places.delete(place);
      if (slot === null) {
        if (memory) audit.rowsWithoutEntry.push(`${memory.id} of ${memory.owner} (deleted)`);
        continue;
      }
      soFar.living += 1;
      soFar.terms += slot.terms.length;
      if (!memory) audit.entriesWithoutRow.push(place);
      else if (!sameSlot(slot, slotOf(indexedOf(memory)))) {
        audit.rowsWithoutEntry.push(`${memory.id} of ${memory.owner} (another's)`);
      }
    }
    soFar.next += slotCount(block.data);
    soFar.blockNo = block.block_no;
  }
  for (const { id, owner: whose } of places.values()) {
    audit.rowsWithoutEntry.push(`${id} of ${whose} (missing)`);
  }

  for (const scope of scopes) {
    const seen = found.get(scope.owner) ?? { next: 0, living: 0, terms: 0 };
    if (
      scope.next_position !== seen.next ||
      scope.memory_count !== seen.living ||
      scope.term_count !== seen.terms ||
      scope.index_version !== TOKENISER_VERSION
    ) {
      audit.inconsistent.push(`counters of ${scope.owner}`);
    }
  }
  return audit;
}

/** What `auditIndex` must say of a sound database. */
export const SOUND = { rowsWithoutEntry: [], entriesWithoutRow: [], inconsistent: [] };
