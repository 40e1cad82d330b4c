import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Between, type Repository } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { indexedOf, slotOf } from './indexed.js';
import { type Slot, appendSlot, emptyBlock } from './term-block.js';

/** Read before requests get their turn: some ten milliseconds' worth. */
const CHARACTERS_A_TURN = 100_000;

/** Makes blocks of the recall index from the memories themselves. */
@Injectable()
export class RowEncoder {
  constructor(@InjectRepository(Memory) private readonly memories: Repository<Memory>) {}

  /**
   * A block of the memories at the positions from `first` on, byte for byte what writing them one by one would
   * have left; a tombstone where there is no memory (any more).
   *
   * @param slots how many positions, at most 64
   */
  async encode(userId: string, first: number, slots: number): Promise<Buffer> {
    let data = emptyBlock();
    for (const slot of await this.slots(userId, first, slots)) data = appendSlot(data, slot);
    return data;
  }

  /** What the index keeps of the memories at the positions from `first` on, null where there is none (any more). */
  async slots(userId: string, first: number, count: number): Promise<(Slot | null)[]> {
    // In a scope that sees expired rows: until the sweep has removed them, their places are taken.
    const rows = await TenantContext.asVault(() =>
      this.memories.findBy({ userId, position: Between(first, first + count - 1) }),
    );
    const slots: (Slot | null)[] = Array.from({ length: count }, () => null);
    let read = 0;
    for (const row of rows) {
      slots[row.position - first] = slotOf(indexedOf(row));
      read += row.content.length;
      if (read < CHARACTERS_A_TURN) continue;
      read = 0;
      await nextTurn();
    }
    return slots;
  }
}
