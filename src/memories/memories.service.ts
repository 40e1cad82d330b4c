import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { PreparedSelect } from '../tenancy/prepared-statements.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { ExpirySweep } from './expiry-sweep.js';
import type { NewMemory, PatchMemoryDto } from './memory.dto.js';
import { Memory } from './memory.entity.js';
import { applyChange, changedColumns, checkVersion, refuseEmpty, refusePast } from './memory-change.js';
import { MemoryCreator, type Stored } from './memory-creator.js';
import { MemoryFollowUps } from './memory-follow-ups.js';
import { refuseOtherUser } from './memory-filters.js';
import { MemoryHistory } from './memory-history.js';
import { MemoryMover } from './memory-mover.js';
import { MemoryRemover } from './memory-remover.js';
import type { MemoryVersion } from './memory-version.entity.js';

/** 404 for what does not exist, or belongs to someone else, or has expired: all look alike. */
export function memoryNotFound(): ApiError {
  return new ApiError(404, 'NOT_FOUND', 'There is no memory with this id.');
}

/** Storing, reading, changing and deleting single memories, with their index entries. */
@Injectable()
export class MemoriesService {
  private readonly byId: PreparedSelect<Memory>;

  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly formerStates: MemoryHistory,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
    private readonly creator: MemoryCreator,
    private readonly mover: MemoryMover,
    private readonly remover: MemoryRemover,
    private readonly sweep: ExpirySweep,
    private readonly followUps: MemoryFollowUps,
  ) {
    this.byId = new PreparedSelect(memories, 'm', (query) => query.where('m.id = :id').limit(1));
  }

  /**
   * @returns the memory, and whether it is new (false only with `on_duplicate: "return"`)
   * @throws ApiError 403 for another user, 409 ID_EXISTS for an id that the vault has, whoever owns it
   */
  async create(input: NewMemory): Promise<Stored> {
    const [outcome] = await this.creator.create([input]);
    if (outcome instanceof ApiError) throw outcome;
    return outcome;
  }

  /** @throws ApiError 404 */
  async get(id: string): Promise<Memory> {
    const memory = await this.byId.one({ id });
    if (!memory) throw memoryNotFound();
    return memory;
  }

  /**
   * Changes what is given; the former state goes to the history.
   *
   * @param expectedVersions the versions of If-Match, undefined for any
   * @throws ApiError 404, 412 VERSION_MISMATCH, 403 for another user
   */
  async patch(id: string, change: PatchMemoryDto, expectedVersions?: readonly number[]): Promise<Memory> {
    refuseEmpty(change);
    refuseOtherUser(change.user_id);
    const now = Date.now();
    refusePast(change.expires_at, now);
    return this.tenancy.transaction(async () => {
      const memory = await this.getOwn(id);
      checkVersion(memory, expectedVersions);
      await this.vaults.ensureWritable();
      this.sweep.afterWrite();
      await this.formerStates.keep(memory, now);
      const before = { ...memory };
      applyChange(memory, change, now);
      await this.mover.reindex(before, memory);
      const columns = changedColumns(before, memory);
      // In a scope that sees expired rows: one whose time came a moment ago has to follow its index entry.
      await TenantContext.asVault(() => this.memories.update({ id }, columns));
      await this.followUps.changed(before, memory);
      return memory;
    });
  }

  /** @throws ApiError 404, 412 VERSION_MISMATCH */
  async delete(id: string, expectedVersions?: readonly number[]): Promise<void> {
    await this.tenancy.transaction(async () => {
      const memory = await this.getOwn(id);
      checkVersion(memory, expectedVersions);
      await this.remover.remove([memory], 'delete');
      this.sweep.afterWrite();
    });
  }

  /** The former states, the latest first. @throws ApiError 404 */
  async history(id: string): Promise<MemoryVersion[]> {
    return this.tenancy.snapshot(async () => {
      await this.get(id);
      return this.formerStates.of(id);
    });
  }

  /**
   * The memory, if the caller may change it: what belongs to nobody is shared with users for reading only.
   *
   * @throws ApiError 404, 403 for a user where it is nobody's
   */
  async getOwn(id: string): Promise<Memory> {
    const memory = await this.get(id);
    const { userId } = TenantContext.scope();
    if (userId !== undefined && memory.userId !== userId) {
      throw new ApiError(403, 'FORBIDDEN', 'This memory belongs to the vault: a user may read it only.');
    }
    return memory;
  }
}
