import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { RecallIndex } from '../recall/recall-index.js';
import { PreparedInsert, PreparedSelect } from '../tenancy/prepared-statements.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { ExpirySweep } from './expiry-sweep.js';
import type { CreateMemoryDto, PatchMemoryDto } from './memory.dto.js';
import { Memory } from './memory.entity.js';
import { applyChange, checkVersion, contentsOf, hashOf, refuseEmpty, refusePast } from './memory-change.js';
import { refuseOtherUser } from './memory-filters.js';
import { MemoryMover } from './memory-mover.js';
import { MemoryRemover } from './memory-remover.js';
import { MemoryVersion } from './memory-version.entity.js';
import { uuidv7 } from './uuid.js';

/** 404 for what does not exist, or belongs to someone else, or has expired: all look alike. */
export function memoryNotFound(): ApiError {
  return new ApiError(404, 'NOT_FOUND', 'There is no memory with this id.');
}

/** Storing, reading, changing and deleting single memories, with their index entries. */
@Injectable()
export class MemoriesService {
  private readonly byId: PreparedSelect<Memory>;
  private readonly insert: PreparedInsert<Memory>;

  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    @InjectRepository(MemoryVersion) private readonly versions: Repository<MemoryVersion>,
    private readonly tenancy: Tenancy,
    private readonly vaults: VaultsService,
    private readonly index: RecallIndex,
    private readonly mover: MemoryMover,
    private readonly remover: MemoryRemover,
    private readonly sweep: ExpirySweep,
  ) {
    this.byId = new PreparedSelect(memories, 'm', (query) => query.where('m.id = :id').limit(1));
    this.insert = new PreparedInsert(memories);
  }

  /**
   * @returns the memory, and whether it is new (false only with `on_duplicate: "return"`)
   * @throws ApiError 403 for another user, 409 ID_EXISTS for an id that the vault has, whoever owns it
   */
  async create(input: CreateMemoryDto): Promise<{ memory: Memory; created: boolean }> {
    refuseOtherUser(input.user_id);
    const now = Date.now();
    refusePast(input.expires_at, now);
    const { vaultId, userId: ownUser } = TenantContext.scope();
    const userId = input.user_id ?? ownUser ?? '';
    return this.tenancy.transaction(async () => {
      await this.vaults.ensureWritable();
      this.sweep.afterWrite();
      if (input.on_duplicate === 'return') {
        const memory = await this.findEqual(userId, input.content);
        if (memory) return { memory, created: false };
      }
      if (input.id !== undefined) await this.claimId(input.id);
      const contents = contentsOf(input);
      const position = await this.index.append(userId, contents);
      const createdAt = input.created_at ?? now;
      const memory: Memory = {
        ...contents,
        vaultId,
        id: input.id ?? uuidv7(now),
        userId,
        position,
        lastSeenAt: createdAt,
        version: 1,
        createdAt,
        updatedAt: now,
      };
      await this.insert.run(memory);
      return { memory, created: true };
    });
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
      await this.keepVersion(memory, now);
      const before = { ...memory };
      applyChange(memory, change, now);
      await this.mover.reindex(before, memory);
      const {
        vaultId: _,
        id: __,
        versions: ___,
        vectors: ____,
        outgoing: _____,
        incoming: ______,
        ...columns
      } = memory;
      // In a scope that sees expired rows: one whose time came a moment ago has to follow its index entry.
      await TenantContext.asVault(() => this.memories.update({ id }, columns));
      return memory;
    });
  }

  /** @throws ApiError 404, 412 VERSION_MISMATCH */
  async delete(id: string, expectedVersions?: readonly number[]): Promise<void> {
    await this.tenancy.transaction(async () => {
      const memory = await this.getOwn(id);
      checkVersion(memory, expectedVersions);
      await this.remover.remove([memory]);
      this.sweep.afterWrite();
    });
  }

  /** The former states, the latest first. @throws ApiError 404 */
  async history(id: string): Promise<MemoryVersion[]> {
    return this.tenancy.snapshot(async () => {
      await this.get(id);
      return this.versions.find({ where: { memoryId: id }, order: { version: 'DESC' } });
    });
  }

  /** The first of the owner's memories with this very content. */
  private findEqual(userId: string, content: string): Promise<Memory | null> {
    // Ordered by an expression: for the bare column SQLite walks all of the owner's memories in that order,
    // instead of looking the content up in its index.
    return this.memories
      .createQueryBuilder('m')
      .where({ userId, contentHash: hashOf(content), content })
      .orderBy('m.position + 0', 'ASC')
      .limit(1)
      .getOne();
  }

  /** The memory, if the caller may change it: what belongs to nobody is shared with users for reading only. */
  private async getOwn(id: string): Promise<Memory> {
    const memory = await this.get(id);
    const { userId } = TenantContext.scope();
    if (userId !== undefined && memory.userId !== userId) {
      throw new ApiError(403, 'FORBIDDEN', 'This memory belongs to the vault: a user may read it only.');
    }
    return memory;
  }

  /** An id is unique in the vault, so the look goes beyond the user, and beyond what has expired. */
  private async claimId(id: string): Promise<void> {
    await TenantContext.asVault(async () => {
      const taken = await this.memories.findOneBy({ id });
      if (!taken) return;
      if (taken.expiresAt === null || taken.expiresAt > Date.now()) {
        throw new ApiError(409, 'ID_EXISTS', 'The vault already has a memory with this id.', {
          errors: [{ field: 'id', message: 'is taken' }],
        });
      }
      await this.remover.remove([taken]);
    });
  }

  private async keepVersion(memory: Memory, now: number): Promise<void> {
    const { id: memoryId, version, userId, content, primarySector, sectors, tags, metadata } = memory;
    const former = { memoryId, version, userId, content, primarySector, sectors, tags, metadata };
    await this.versions.insert({ ...former, updatedAt: memory.updatedAt, replacedAt: now });
  }
}
