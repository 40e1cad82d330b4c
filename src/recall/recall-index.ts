import { Injectable } from '@nestjs/common';
import { type Counts, examine } from './block-state.js';
import { IndexRows } from './index-rows.js';
import { IndexTails, type OwnerCounts, type Tail, type WrittenBlock } from './index-tails.js';
import { IndexUpkeep } from './index-upkeep.js';
import { type Indexed, slotOf } from './indexed.js';
import { RowEncoder } from './row-encoder.js';
import type { ScopeRow } from './scope.entity.js';
import {
  type Slot,
  accepts,
  appendSlot,
  countsOf,
  emptyBlock,
  replaceSlot,
  tombstone,
} from './term-block.js';
import type { TermBlock } from './term-block.entity.js';
import { TOKENISER_VERSION } from './terms.js';

export interface Appended {
  readonly positions: readonly number[];
  readonly blocks: readonly WrittenBlock[];
}

/**
 * Writes the recall index: for each owner what is known of its memories, in arrival order, in blocks. Every
 * method belongs in the unit of work that writes the memory itself, so that neither exists without the other.
 *
 * A block that an older version wrote is made anew from its memories when one of them changes, and gets no
 * further ones. A memory whose place is in no block yet (its database was adopted) is left to the reindexing. So is
 * what turns out to be damaged: it never keeps a memory from being written.
 */
@Injectable()
export class RecallIndex {
  constructor(
    private readonly rows: IndexRows,
    private readonly encoder: RowEncoder,
    private readonly upkeep: IndexUpkeep,
    private readonly tails: IndexTails,
  ) {}

  /** @returns the position the memory takes: the owner's next, never used before */
  async append(userId: string, memory: Indexed): Promise<number> {
    const { positions } = await this.appendAll(userId, [memory]);
    return positions[0];
  }

  /** Each block is written once. @returns the positions the memories take, in their order, and those blocks */
  async appendAll(userId: string, memories: readonly Indexed[]): Promise<Appended> {
    if (memories.length === 0) return { positions: [], blocks: [] };
    const slots = memories.map(slotOf);
    const scope =
      this.tails.countsOf(userId) ?? (await this.rows.scope(userId)) ?? (await this.rows.newScope(userId));
    const first = scope.nextPosition;
    const blocks: Tail[] = [];
    let tail = await this.fillLast(scope, slots);
    if (tail) blocks.push(tail);
    for (let left = slots.slice(tail ? endOf(tail) - first : 0); left.length > 0;) {
      const { data, taken } = fill(emptyBlock(), left);
      left = left.slice(taken);
      const firstPosition = first + slots.length - left.length - taken;
      // Numbered so, blocks are in the order of their positions, and there is room for one that is missing.
      const block = { blockNo: firstPosition, firstPosition, slots: taken, data };
      await this.rows.insert(userId, block);
      blocks.push((tail = { ...block, places: new Map() }));
    }
    const counted = await this.rows.count(
      scope,
      {
        memories: slots.length,
        terms: slots.reduce((sum, { terms }) => sum + terms.length, 0),
      },
      slots.length,
    );
    this.tails.keep(counted, tail!);
    return { positions: slots.map((_, i) => first + i), blocks };
  }

  /** Gives the memory at `position` other features or another expiry; it keeps its place. */
  async replace(userId: string, position: number, memory: Indexed): Promise<void> {
    const block = await this.rows.blockOf(userId, position);
    if (!block) return this.missPlace(userId);
    const current = await this.currentData(block);
    const change = await this.write(
      block,
      replaceSlot(current, position - block.firstPosition, slotOf(memory)),
    );
    await this.rows.count(await this.knownScope(userId), change);
  }

  /** Takes the memories at `positions` out; their places stay, empty. */
  async remove(userId: string, positions: readonly number[]): Promise<void> {
    const sum: Counts = { memories: 0, terms: 0 };
    const left = [...positions].sort((a, b) => a - b);
    while (left.length > 0) {
      const block = await this.rows.blockOf(userId, left[0]);
      if (!block) {
        await this.missPlace(userId);
        left.shift();
        sum.memories -= 1;
        continue;
      }
      let data = await this.currentData(block);
      const end = block.firstPosition + block.slots;
      while (left.length > 0 && left[0] < end) data = tombstone(data, left.shift()! - block.firstPosition);
      const change = await this.write(block, data);
      sum.memories += change.memories;
      sum.terms += change.terms;
    }
    await this.rows.count(await this.knownScope(userId), sum);
  }

  /** @returns the owner's last block with as many of these as it takes; undefined where it takes none */
  private async fillLast(scope: OwnerCounts, slots: readonly Slot[]): Promise<Tail | undefined> {
    const { userId, nextPosition } = scope;
    const kept = this.tails.of(scope);
    // Where it is not there like that any more, the index was rebuilt meanwhile.
    let tail = kept && (await this.extend(userId, kept, slots));
    if (!tail) {
      const last = await this.rows.last(userId);
      if (!last || !(await this.takesMore(last, nextPosition))) return undefined;
      tail = await this.extend(userId, { ...last, places: new Map() }, slots);
    }
    return tail && endOf(tail) > nextPosition ? tail : undefined;
  }

  /** @returns the block with as many of these as it takes; undefined where there is no such block */
  private async extend(userId: string, block: Tail, slots: readonly Slot[]): Promise<Tail | undefined> {
    const { blockNo, firstPosition, slots: was, places } = block;
    const { data, taken } = fill(block.data, slots);
    if (taken === 0) return block;
    const extended = { blockNo, firstPosition, slots: was + taken, data, places };
    return (await this.rows.write({ userId, ...extended }, was)) ? extended : undefined;
  }

  /** Of an owner who has memories. */
  private async knownScope(userId: string): Promise<ScopeRow> {
    const scope = await this.rows.scope(userId);
    if (!scope) throw new Error('The recall index does not know this owner');
    return scope;
  }

  /** Whether the memory at `position` may go into the owner's last block. */
  private async takesMore(last: TermBlock, position: number): Promise<boolean> {
    const { state } = examine(last);
    const joins = last.firstPosition + last.slots === position;
    if (state === 'damaged' || !joins) await this.reportDamage(last.userId);
    return state === 'current' && joins;
  }

  /** No block has a memory's place: damage, unless the index is not filled yet. */
  private async missPlace(userId: string): Promise<void> {
    const scope = await this.rows.scope(userId);
    if (scope?.indexVersion === TOKENISER_VERSION) await this.reportDamage(userId);
  }

  private async reportDamage(userId: string): Promise<void> {
    await this.rows.markDamaged(userId);
    this.upkeep.repair(userId);
  }

  private async currentData(block: TermBlock): Promise<Buffer> {
    const { state } = examine(block);
    if (state === 'current') return block.data;
    if (state === 'damaged') await this.reportDamage(block.userId);
    return this.encoder.encode(block.userId, block.firstPosition, block.slots);
  }

  /** @returns by how much that changes what `scopes` counts */
  private async write(before: TermBlock, data: Buffer): Promise<Counts> {
    const { userId, blockNo, slots } = before;
    await this.rows.write({ userId, blockNo, slots, data }, slots);
    const { state, counts: was } = examine(before);
    // The counters are put right by the reindexing.
    if (state === 'damaged') return { memories: 0, terms: 0 };
    const is = countsOf(data);
    return { memories: is.memories - was.memories, terms: is.terms - was.terms };
  }
}

/** The block with as many of the slots, from the first on, as it takes. */
function fill(block: Buffer, slots: readonly Slot[]): { data: Buffer; taken: number } {
  let data = block;
  let taken = 0;
  while (taken < slots.length && accepts(data, slots[taken])) {
    data = appendSlot(data, slots[taken]);
    taken += 1;
  }
  return { data, taken };
}

/** The position after its last one. */
function endOf({ firstPosition, slots }: Tail): number {
  return firstPosition + slots;
}
