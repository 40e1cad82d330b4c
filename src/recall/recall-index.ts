import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, LessThanOrEqual, type Repository } from 'typeorm';
import { PreparedSelect, PreparedUpdate } from '../tenancy/prepared-statements.js';
import { ScopeRow } from './scope.entity.js';
import {
  type Slot,
  accepts,
  appendSlot,
  emptyBlock,
  readSlot,
  replaceSlot,
  slotCount,
  tombstone,
} from './term-block.js';
import { TermBlock } from './term-block.entity.js';
import { TOKENISER_VERSION, termCounts, terms } from './terms.js';

/** What the index keeps of a memory. */
export interface Indexed {
  readonly content: string;
  readonly expiresAt: number | null;
}

/**
 * Writes the recall index: for each owner the terms of its memories, in arrival order, in blocks. Every method
 * belongs in the unit of work that writes the memory itself, so that neither exists without the other.
 */
@Injectable()
export class RecallIndex {
  private readonly scopeOf: PreparedSelect<ScopeRow>;
  private readonly lastBlock: PreparedSelect<TermBlock>;
  private readonly fillBlock: PreparedUpdate<TermBlock>;
  private readonly countIn: PreparedUpdate<ScopeRow>;

  constructor(
    @InjectRepository(ScopeRow) private readonly scopes: Repository<ScopeRow>,
    @InjectRepository(TermBlock) private readonly blocks: Repository<TermBlock>,
  ) {
    this.scopeOf = new PreparedSelect(scopes, 's', (query) => query.where('s.userId = :userId').limit(1));
    this.lastBlock = new PreparedSelect(blocks, 'b', (query) =>
      query.where('b.userId = :userId').orderBy('b.blockNo', 'DESC').limit(1),
    );
    this.fillBlock = new PreparedUpdate(
      blocks,
      { data: ':data', slots: ':slots' },
      'userId = :userId AND blockNo = :blockNo',
    );
    this.countIn = new PreparedUpdate(
      scopes,
      { nextPosition: ':nextPosition', memoryCount: ':memoryCount', termCount: ':termCount' },
      'userId = :userId',
    );
  }

  /** @returns the position the memory takes: the owner's next, never used before */
  async append(userId: string, memory: Indexed): Promise<number> {
    const slot = toSlot(memory);
    const scope = (await this.scopeOf.one({ userId })) ?? (await this.newScope(userId));
    const position = scope.nextPosition;
    const last = await this.lastBlock.one({ userId });
    if (last && accepts(last.data, slot)) {
      const data = appendSlot(last.data, slot);
      await this.fillBlock.run({ userId, blockNo: last.blockNo, data, slots: last.slots + 1 });
    } else {
      await this.blocks.insert({
        userId,
        blockNo: (last?.blockNo ?? -1) + 1,
        firstPosition: position,
        slots: 1,
        data: appendSlot(emptyBlock(), slot),
      });
    }
    await this.countIn.run({
      userId,
      nextPosition: position + 1,
      memoryCount: scope.memoryCount + 1,
      termCount: scope.termCount + lengthOf(slot),
    });
    return position;
  }

  /** Gives the memory at `position` other terms or another expiry; it keeps its place. */
  async replace(userId: string, position: number, memory: Indexed): Promise<void> {
    const slot = toSlot(memory);
    const block = await this.blockOf(userId, position);
    const index = position - block.firstPosition;
    const before = readSlot(block.data, index).length;
    await this.blocks.update(
      { userId, blockNo: block.blockNo },
      { data: replaceSlot(block.data, index, slot) },
    );
    await this.count(userId, 0, lengthOf(slot) - before);
  }

  /** Takes the memories at `positions` out; their places stay, empty. */
  async remove(userId: string, positions: readonly number[]): Promise<void> {
    let terms = 0;
    const left = [...positions].sort((a, b) => a - b);
    const removed = left.length;
    while (left.length > 0) {
      const block = await this.blockOf(userId, left[0]);
      let data = block.data;
      const end = block.firstPosition + slotCount(data);
      while (left.length > 0 && left[0] < end) {
        const index = left.shift()! - block.firstPosition;
        terms += readSlot(data, index).length;
        data = tombstone(data, index);
      }
      await this.blocks.update({ userId, blockNo: block.blockNo }, { data });
    }
    await this.count(userId, -removed, -terms);
  }

  /** The blocks of the given owners (all of the vault's when undefined), by owner and position. */
  async read(userIds: readonly string[] | undefined): Promise<TermBlock[]> {
    return this.blocks.find({
      where: userIds ? { userId: In([...userIds]) } : {},
      order: { userId: 'ASC', blockNo: 'ASC' },
    });
  }

  private async newScope(userId: string): Promise<ScopeRow> {
    const scope = { userId, nextPosition: 0, memoryCount: 0, termCount: 0, indexVersion: TOKENISER_VERSION };
    await this.scopes.insert(scope);
    return scope as ScopeRow;
  }

  private async blockOf(userId: string, position: number): Promise<TermBlock> {
    const [block] = await this.blocks.find({
      where: { userId, firstPosition: LessThanOrEqual(position) },
      order: { blockNo: 'DESC' },
      take: 1,
    });
    if (!block || position >= block.firstPosition + slotCount(block.data)) {
      throw new Error(`The recall index has no place ${position}`);
    }
    return block;
  }

  private async count(userId: string, memories: number, terms: number): Promise<void> {
    const scope = await this.scopes.findOneByOrFail({ userId });
    await this.scopes.update(
      { userId },
      { memoryCount: scope.memoryCount + memories, termCount: scope.termCount + terms },
    );
  }
}

function toSlot({ content, expiresAt }: Indexed): Slot {
  return { expiresAt, terms: termCounts(terms(content)) };
}

function lengthOf(slot: Slot): number {
  let length = 0;
  for (const count of slot.terms.values()) length += count;
  return length;
}
