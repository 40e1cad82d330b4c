import { setImmediate as nextTurn } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { examine } from '../../recall/block-state.js';
import { indexedOf, slotOf } from '../../recall/indexed.js';
import { type Slot, appendSlot, emptyBlock, readSlot, sameSlot } from '../../recall/term-block.js';
import { MAX_SLOTS } from '../../recall/term-block-layout.js';
import { TOKENISER_VERSION } from '../../recall/terms.js';
import { type Report, ownerName, quoted } from './finding.js';

interface ScopeRow {
  readonly vault_id: string;
  readonly user_id: string;
  /** The same, byte for byte: of an adopted owner it may not be text. */
  readonly owner: Buffer;
  readonly next_position: number;
  readonly term_count: number;
  readonly index_version: number;
}

interface BlockRow {
  readonly block_no: number;
  readonly first_position: number;
  readonly slots: number;
  readonly data: Buffer;
}

interface MemoryRow {
  readonly id: string;
  readonly position: number;
  readonly content: string;
  readonly metadata: string;
  readonly sessionId: string | null;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly salience: number;
  readonly sectors: string;
}

/**
 * Compares the recall index with the memories it is made of, a block at a time: each must be what this version would
 * write of the memories at its positions.
 *
 * @param onProgress gets how many positions were looked at since it was last called
 */
export async function verifyRecallIndex(
  database: Database.Database,
  vaultId: string | undefined,
  report: Report,
  onProgress: (positions: number) => void,
): Promise<void> {
  const where = vaultId === undefined ? '' : ' WHERE vault_id = ?';
  const scopes = database.prepare(
    `SELECT *, CAST(user_id AS BLOB) AS owner FROM scopes${where} ORDER BY vault_id, user_id`,
  );
  const index = new RecallIndexCheck(database, report);
  for (const scope of scopes.iterate(...(vaultId === undefined ? [] : [vaultId]))) {
    await index.verify(scope as ScopeRow, onProgress);
  }
}

class RecallIndexCheck {
  private readonly blocks: Database.Statement;
  private readonly memories: Database.Statement;
  private readonly between: Database.Statement;

  constructor(
    database: Database.Database,
    private readonly report: Report,
  ) {
    this.blocks = database.prepare(
      `SELECT block_no, first_position, slots, data FROM term_blocks
       WHERE vault_id = ? AND user_id = CAST(? AS TEXT)
       ORDER BY block_no`,
    );
    const place = 'WHERE vault_id = ? AND user_id = CAST(? AS TEXT) AND position >= ? AND position < ?';
    this.memories = database.prepare(
      `SELECT id, position, content, metadata, session_id AS sessionId, created_at AS createdAt,
         expires_at AS expiresAt, salience, sectors FROM memories ${place}`,
    );
    this.between = database.prepare(`SELECT count(*) FROM memories ${place}`).pluck();
  }

  async verify(scope: ScopeRow, onProgress: (positions: number) => void): Promise<void> {
    const { vault_id, user_id, owner, next_position, term_count, index_version } = scope;
    const say = (message: string) => this.report('index', `${message}: ${ownerName(vault_id, user_id)}`);
    if (index_version !== TOKENISER_VERSION) {
      say(`the index has version ${index_version}, and this version writes ${TOKENISER_VERSION}`);
    }
    let next = 0;
    let blockNo = -1;
    let terms = 0;
    for (const row of this.blocks.iterate(vault_id, owner)) {
      const block = row as BlockRow;
      const { block_no, first_position, slots } = block;
      const name = `block ${block_no}`;
      if (first_position > next) this.reportGap(scope, next, first_position, say);
      if (first_position < next)
        say(`${name} begins at ${first_position}, where the one before it has not ended`);
      if (block_no <= blockNo || block_no > first_position)
        say(`${name} is not numbered by its first position`);
      const { state, counts } = examine(block);
      terms += counts.terms;
      if (state === 'current') this.compare(scope, block, say);
      else if (state === 'damaged') say(`${name} is damaged`);
      else say(`${name} was written by an older version`);
      onProgress(slots);
      next = Math.max(next, first_position + slots);
      blockNo = block_no;
      await nextTurn();
    }
    if (next < next_position) this.reportGap(scope, next, next_position, say);
    if (next > next_position)
      say(`the blocks reach to position ${next}, and the next one is ${next_position}`);
    if (terms !== term_count) say(`scopes counts ${term_count} terms, and the blocks hold ${terms}`);
  }

  private reportGap(
    { vault_id, owner }: ScopeRow,
    from: number,
    to: number,
    say: (message: string) => void,
  ): void {
    const memories = this.between.get(vault_id, owner, from, to) as number;
    say(`no block has the positions ${from} to ${to - 1}, with ${memories} memories`);
  }

  private compare({ vault_id, owner }: ScopeRow, block: BlockRow, say: (message: string) => void): void {
    const { first_position: first, data } = block;
    // What a damaged row says of itself may be more than a block can hold.
    const count = Math.min(block.slots, MAX_SLOTS);
    const rows = this.memories.all(vault_id, owner, first, first + count) as MemoryRow[];
    const memories = new Map(rows.map((memory) => [memory.position - first, memory]));
    const expected = Array.from({ length: count }, (_, i) => {
      const memory = memories.get(i);
      return memory ? slotOf(indexedOf(memory)) : null;
    });
    if (expected.reduce<Buffer>(appendSlot, emptyBlock()).equals(data)) return;
    const before = expected.map((slot, i) => differenceOf(slot, readSlot(data, i)));
    before.forEach((difference, i) => {
      if (difference) say(`block ${block.block_no} ${difference}${nameOf(memories.get(i), first + i)}`);
    });
    if (!before.some(Boolean)) say(`block ${block.block_no} is not written as this version writes it`);
  }
}

function differenceOf(wanted: Slot | null, found: Slot | null): string | undefined {
  if (!wanted && !found) return undefined;
  if (!found) return 'does not have the memory ';
  if (!wanted) return 'has a memory that is not there at ';
  return sameSlot(wanted, found) ? undefined : 'has other terms or another expiry than the memory ';
}

function nameOf(memory: MemoryRow | undefined, position: number): string {
  return memory ? quoted(memory.id) : `position ${position}`;
}
