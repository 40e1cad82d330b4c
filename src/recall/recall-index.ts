import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { PreparedSelect, PreparedUpdate } from '../tenancy/prepared-statements.js';
import { type Counts, examine } from './block-state.js';
import { IndexTails, type OwnerCounts, type Tail, type WrittenBlock } from './index-tails.js';
import { IndexUpkeep } from './index-upkeep.js';
import { type Indexed, slotOf } from './indexed.js';
import { RowEncoder } from './row-encoder.js';
import { ScopeRow, firstRevision } from './scope.entity.js';
import {
  type Slot,
  accepts,
  appendSlot,
  countsOf,
  emptyBlock,
  replaceSlot,
  tombstone,
} from './term-block.js';
import { TermBlock } from './term-block.entity.js';
import type { ScopeBlock } from './memory-columns.js';
import { MAX_SLOTS } from './term-block-layout.js';
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
  private readonly scopeOf: PreparedSelect<ScopeRow>;
  private readonly lastBlock: PreparedSelect<TermBlock>;
  private readonly blockAt: PreparedSelect<TermBlock>;
  private readonly blocksOfOwner: PreparedSelect<TermBlock>;
  private readonly allBlocks: PreparedSelect<TermBlock>;
  private readonly blocksEndingAfter: PreparedSelect<TermBlock>;
  private readonly allScopes: PreparedSelect<ScopeRow>;
  private readonly fillBlock: PreparedUpdate<TermBlock>;
  private readonly countIn: PreparedUpdate<ScopeRow>;

  constructor(
    @InjectRepository(ScopeRow) private readonly scopeRows: Repository<ScopeRow>,
    @InjectRepository(TermBlock) private readonly blocks: Repository<TermBlock>,
    private readonly encoder: RowEncoder,
    private readonly upkeep: IndexUpkeep,
    private readonly tails: IndexTails,
  ) {
    this.scopeOf = new PreparedSelect(scopeRows, 's', (query) => query.where('s.userId = :userId').limit(1));
    this.lastBlock = new PreparedSelect(blocks, 'b', (query) =>
      query.where('b.userId = :userId').orderBy('b.blockNo', 'DESC').limit(1),
    );
    this.blockAt = new PreparedSelect(blocks, 'b', (query) =>
      query
        .where('b.userId = :userId AND b.firstPosition <= :position')
        .orderBy('b.blockNo', 'DESC')
        .limit(1),
    );
    const inOrder = (query: SelectQueryBuilder<TermBlock>) =>
      query
        .select(['b.userId', 'b.firstPosition', 'b.slots', 'b.data'])
        .orderBy('b.userId', 'ASC')
        .addOrderBy('b.blockNo', 'ASC');
    this.blocksOfOwner = new PreparedSelect(blocks, 'b', (query) =>
      inOrder(query.where('b.userId = :userId')),
    );
    this.allBlocks = new PreparedSelect(blocks, 'b', inOrder);
    // A block's number is its first position: the condition on it is for the key.
    this.blocksEndingAfter = new PreparedSelect(blocks, 'b', (query) =>
      inOrder(
        query.where(
          `b.userId = :userId AND b.blockNo > :position - ${MAX_SLOTS} AND b.firstPosition + b.slots > :position`,
        ),
      ),
    );
    this.allScopes = new PreparedSelect(scopeRows, 's', (query) => query.orderBy('s.userId', 'ASC'));
    this.fillBlock = new PreparedUpdate(
      blocks,
      { data: ':data', slots: ':slots' },
      'userId = :userId AND blockNo = :blockNo AND slots = :was',
    );
    this.countIn = new PreparedUpdate(
      scopeRows,
      {
        nextPosition: ':nextPosition',
        memoryCount: ':memoryCount',
        termCount: ':termCount',
        revision: ':revision',
      },
      'userId = :userId',
    );
  }

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
      this.tails.countsOf(userId) ?? (await this.scopeOf.one({ userId })) ?? (await this.newScope(userId));
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
      await this.blocks.insert({ userId, ...block });
      blocks.push((tail = { ...block, places: new Map() }));
    }
    const counted = await this.count(
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
    const block = await this.blockOf(userId, position);
    if (!block) return this.missPlace(userId);
    const current = await this.currentData(block);
    const change = await this.write(
      block,
      replaceSlot(current, position - block.firstPosition, slotOf(memory)),
    );
    await this.count(await this.knownScope(userId), change);
  }

  /** Takes the memories at `positions` out; their places stay, empty. */
  async remove(userId: string, positions: readonly number[]): Promise<void> {
    const sum: Counts = { memories: 0, terms: 0 };
    const left = [...positions].sort((a, b) => a - b);
    while (left.length > 0) {
      const block = await this.blockOf(userId, left[0]);
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
    await this.count(await this.knownScope(userId), sum);
  }

  /** The blocks of one owner, or of all that the scope sees when undefined, by owner and position. */
  read(userId: string | undefined): Promise<ScopeBlock[]> {
    return userId === undefined ? this.allBlocks.all({}) : this.blocksOfOwner.all({ userId });
  }

  /** The blocks of an owner that reach beyond the position, by position. */
  blocksFrom(userId: string, position: number): Promise<ScopeBlock[]> {
    return this.blocksEndingAfter.all({ userId, position });
  }

  /** What `scopes` says of one owner, or of all that the scope sees when undefined, by owner. */
  async scopes(userId: string | undefined): Promise<ScopeRow[]> {
    if (userId === undefined) return this.allScopes.all({});
    const scope = await this.scopeOf.one({ userId });
    return scope ? [scope] : [];
  }

  /** @returns the owner's last block with as many of these as it takes; undefined where it takes none */
  private async fillLast(scope: OwnerCounts, slots: readonly Slot[]): Promise<Tail | undefined> {
    const { userId, nextPosition } = scope;
    const kept = this.tails.of(scope);
    // Where it is not there like that any more, the index was rebuilt meanwhile.
    let tail = kept && (await this.extend(userId, kept, slots));
    if (!tail) {
      const last = await this.lastBlock.one({ userId });
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
    const changed = await this.fillBlock.run({ userId, blockNo, data, slots: extended.slots, was });
    return changed > 0 ? extended : undefined;
  }

  private async newScope(userId: string): Promise<ScopeRow> {
    const scope = {
      userId,
      nextPosition: 0,
      memoryCount: 0,
      termCount: 0,
      indexVersion: TOKENISER_VERSION,
      revision: firstRevision(),
    };
    await this.scopeRows.insert(scope);
    return scope as ScopeRow;
  }

  /** Of an owner who has memories. */
  private async knownScope(userId: string): Promise<ScopeRow> {
    const scope = await this.scopeOf.one({ userId });
    if (!scope) throw new Error('The recall index does not know this owner');
    return scope;
  }

  /** Null where no block has the place. */
  private async blockOf(userId: string, position: number): Promise<TermBlock | null> {
    const block = await this.blockAt.one({ userId, position });
    return block && position < block.firstPosition + block.slots ? block : null;
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
    const scope = await this.scopeOf.one({ userId });
    if (scope?.indexVersion === TOKENISER_VERSION) await this.reportDamage(userId);
  }

  private async reportDamage(userId: string): Promise<void> {
    await this.scopeRows.update({ userId }, { indexVersion: 0 });
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
    await this.fillBlock.run({ userId, blockNo, data, slots, was: slots });
    const { state, counts: was } = examine(before);
    // The counters are put right by the reindexing.
    if (state === 'damaged') return { memories: 0, terms: 0 };
    const is = countsOf(data);
    return { memories: is.memories - was.memories, terms: is.terms - was.terms };
  }

  /** @returns the counters from now on */
  private async count(scope: OwnerCounts, change: Counts, added = 0): Promise<OwnerCounts> {
    const counts = {
      userId: scope.userId,
      nextPosition: scope.nextPosition + added,
      memoryCount: scope.memoryCount + change.memories,
      termCount: scope.termCount + change.terms,
      revision: scope.revision + (added ? 0 : 1),
    };
    await this.countIn.run(counts);
    return counts;
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
