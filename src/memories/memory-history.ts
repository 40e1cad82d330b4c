import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { TenantContext } from '../tenancy/tenant-context.js';
import { Memory } from './memory.entity.js';
import { MemoryVersion } from './memory-version.entity.js';

/** What an adopted row may hold bytes in that are no UTF-8. */
const TEXTS = ['content', 'primarySector', 'sectors', 'tags', 'metadata'] as const;
/** Such bytes are read as this character. */
const REPLACEMENT = '\ufffd';

/** The former states of memories. */
@Injectable()
export class MemoryHistory {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    @InjectRepository(MemoryVersion) private readonly versions: Repository<MemoryVersion>,
  ) {}

  /**
   * Keeps the state that a memory is about to lose. Belongs in the unit of work that changes the memory, before that.
   *
   * @param now ms since 1970
   */
  async keep(memory: Memory, now: number): Promise<void> {
    const { id: memoryId, version, userId, content, primarySector, sectors, tags, metadata } = memory;
    const former = { memoryId, version, userId, content, primarySector, sectors, tags, metadata };
    await this.versions.insert({ ...former, updatedAt: memory.updatedAt, replacedAt: now });
    if (TEXTS.some((name) => memory[name].includes(REPLACEMENT))) await this.copyTexts(memory);
  }

  /** Of one memory, the latest first. */
  of(memoryId: string): Promise<MemoryVersion[]> {
    return this.versions.find({ where: { memoryId }, order: { version: 'DESC' } });
  }

  /** As the database holds them, byte for byte. */
  private async copyTexts({ id: memoryId, version }: Memory): Promise<void> {
    // In a scope that sees expired rows: its time may come between two statements.
    await TenantContext.asVault(async () => {
      const texts = TEXTS.map((name) => {
        const text = this.memories.createQueryBuilder('m').select(`m.${name}`).where('m.id = :memoryId');
        return [name, () => `(${text.getQuery()})`];
      });
      await this.versions
        .createQueryBuilder()
        .update()
        .set(Object.fromEntries(texts) as object)
        .where('memoryId = :memoryId AND version = :version', { memoryId, version })
        .execute();
    });
  }
}
