import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { PreparedUpdate } from '../tenancy/prepared-statements.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { ExpirySweep } from './expiry-sweep.js';
import { MemoriesService } from './memories.service.js';
import { Memory } from './memory.entity.js';
import { checkVersion } from './memory-change.js';
import { MemoryFollowUps } from './memory-follow-ups.js';
import { MemoryMover } from './memory-mover.js';
import { isReinforced, reinforcedSalience } from './salience.js';

/** Gained where nothing is said; OpenMemory's. */
export const DEFAULT_AMOUNT = 0.1;

/**
 * Makes memories stand out more, because they were of use. That is no other state of what the memory says: its
 * version, its ETag and `updated_at` stay, so that nobody's If-Match fails because somebody else found the memory
 * useful, and the history has no gaps.
 */
@Injectable()
export class MemoryReinforcement {
  private readonly update: PreparedUpdate<Memory>;

  constructor(
    @InjectRepository(Memory) memories: Repository<Memory>,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
    private readonly service: MemoriesService,
    private readonly mover: MemoryMover,
    private readonly sweep: ExpirySweep,
    private readonly followUps: MemoryFollowUps,
  ) {
    const changes = { salience: ':salience', lastSeenAt: ':lastSeenAt' };
    this.update = new PreparedUpdate(memories, changes, 'id = :id');
  }

  /**
   * @param amount above 0, at most 1
   * @param expectedVersions the versions of If-Match, undefined for any
   * @throws ApiError 404, 403 for a user where it is nobody's, 412 VERSION_MISMATCH
   */
  async reinforce(
    id: string,
    amount = DEFAULT_AMOUNT,
    expectedVersions?: readonly number[],
  ): Promise<Memory> {
    return this.tenancy.transaction(async () => {
      const before = await this.service.getOwn(id);
      checkVersion(before, expectedVersions);
      await this.vaults.ensureWritable();
      this.sweep.afterWrite();
      const now = Date.now();
      const memory: Memory = {
        ...before,
        salience: reinforcedSalience(before, amount, now),
        lastSeenAt: now,
      };
      if (isReinforced(before) !== isReinforced(memory)) await this.mover.reindex(before, memory);
      const { salience, lastSeenAt } = memory;
      // In a scope that sees expired rows: one whose time came a moment ago has to follow its index entry.
      await TenantContext.asVault(() => this.update.run({ id, salience, lastSeenAt }));
      await this.followUps.reinforced(memory);
      return memory;
    });
  }
}
