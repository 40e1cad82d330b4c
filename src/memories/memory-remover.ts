import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { RecallIndex } from '../recall/recall-index.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { Memory } from './memory.entity.js';
import { MemoryFollowUps } from './memory-follow-ups.js';

/** Takes memories out of the database, with their index entries and all that hangs on them. */
@Injectable()
export class MemoryRemover {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly index: RecallIndex,
    private readonly followUps: MemoryFollowUps,
  ) {}

  /**
   * @param memories read in the running unit of work, in the scope that may delete them
   * @param why somebody deletes them, or their time has come
   */
  async remove(
    memories: readonly Pick<Memory, 'userId' | 'position'>[],
    why: 'delete' | 'expire',
  ): Promise<void> {
    const positions = new Map<string, number[]>();
    for (const { userId, position } of memories) {
      const list = positions.get(userId);
      if (list) list.push(position);
      else positions.set(userId, [position]);
    }
    for (const userId of [...positions.keys()].sort()) {
      const list = positions.get(userId)!;
      await this.index.remove(userId, list);
      // In a scope that sees expired rows: one whose time came a moment ago has to go with its index entry. By
      // position: the id of an adopted row may hold bytes that cannot be named.
      await TenantContext.asVault(() => this.memories.delete({ userId, position: In(list) }));
    }
    await this.followUps.removed(memories, why);
  }
}
