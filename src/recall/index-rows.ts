import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { PreparedSelect, PreparedUpdate } from '../tenancy/prepared-statements.js';
import type { Counts } from './block-state.js';
import type { OwnerCounts, Tail } from './index-tails.js';
import type { ScopeBlock } from './memory-columns.js';
import { ScopeRow, firstRevision } from './scope.entity.js';
import { MAX_SLOTS } from './term-block-layout.js';
import { TermBlock } from './term-block.entity.js';
import { TOKENISER_VERSION } from './terms.js';

/** The rows of the recall index: what is known of each owner, and the blocks. */
@Injectable()
export class IndexRows {
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

  /** Undefined where the owner has no memories yet. */
  async scope(userId: string): Promise<ScopeRow | undefined> {
    return (await this.scopeOf.one({ userId })) ?? undefined;
  }

  /** What is known of one owner, or of all that the scope sees when undefined, by owner. */
  async scopes(userId: string | undefined): Promise<ScopeRow[]> {
    if (userId === undefined) return this.allScopes.all({});
    const scope = await this.scope(userId);
    return scope ? [scope] : [];
  }

  /** The blocks of one owner, or of all that the scope sees when undefined, by owner and position. */
  blocksOf(userId: string | undefined): Promise<ScopeBlock[]> {
    return userId === undefined ? this.allBlocks.all({}) : this.blocksOfOwner.all({ userId });
  }

  /** The blocks of an owner that reach beyond the position, by position. */
  blocksFrom(userId: string, position: number): Promise<ScopeBlock[]> {
    return this.blocksEndingAfter.all({ userId, position });
  }

  last(userId: string): Promise<TermBlock | null> {
    return this.lastBlock.one({ userId });
  }

  /** Null where no block has the place. */
  async blockOf(userId: string, position: number): Promise<TermBlock | null> {
    const block = await this.blockAt.one({ userId, position });
    return block && position < block.firstPosition + block.slots ? block : null;
  }

  async newScope(userId: string): Promise<OwnerCounts> {
    const counts = { userId, nextPosition: 0, memoryCount: 0, termCount: 0, revision: firstRevision() };
    await this.scopeRows.insert({ ...counts, indexVersion: TOKENISER_VERSION });
    return counts;
  }

  /** @param added of those memories, how many are new @returns the counts from now on */
  async count(scope: OwnerCounts, change: Readonly<Counts>, added = 0): Promise<OwnerCounts> {
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

  /** Says that the owner's index needs rebuilding. */
  async markDamaged(userId: string): Promise<void> {
    await this.scopeRows.update({ userId }, { indexVersion: 0 });
  }

  async insert(userId: string, { blockNo, firstPosition, slots, data }: Omit<Tail, 'places'>): Promise<void> {
    await this.blocks.insert({ userId, blockNo, firstPosition, slots, data });
  }

  /** @param was how many slots it had @returns whether there was such a block */
  async write(
    { userId, blockNo, slots, data }: Pick<TermBlock, 'userId' | 'blockNo' | 'slots' | 'data'>,
    was: number,
  ): Promise<boolean> {
    return (await this.fillBlock.run({ userId, blockNo, data, slots, was })) > 0;
  }
}
