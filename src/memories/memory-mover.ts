import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { VectorRow } from '../embeddings/vector.entity.js';
import { RecallIndex } from '../recall/recall-index.js';
import { Waypoint } from '../waypoints/waypoint.entity.js';
import type { Memory } from './memory.entity.js';
import { MemoryVersion } from './memory-version.entity.js';

/** Keeps what hangs on a memory in step when the memory is changed. */
@Injectable()
export class MemoryMover {
  constructor(
    private readonly index: RecallIndex,
    @InjectRepository(MemoryVersion) private readonly versions: Repository<MemoryVersion>,
    @InjectRepository(VectorRow) private readonly vectors: Repository<VectorRow>,
    @InjectRepository(Waypoint) private readonly waypoints: Repository<Waypoint>,
  ) {}

  /**
   * Brings the recall index from one state of a memory to the next. Another text takes the old one's place;
   * another owner or session is a new arrival, and gives `after` its new position.
   */
  async reindex(before: Memory, after: Memory): Promise<void> {
    const moved = before.userId !== after.userId || before.sessionId !== after.sessionId;
    if (moved) {
      await this.index.remove(before.userId, [before.position]);
      after.position = await this.index.append(after.userId, after);
      if (before.userId !== after.userId) await this.changeOwner(after);
    } else if (before.content !== after.content || before.expiresAt !== after.expiresAt) {
      await this.index.replace(after.userId, after.position, after);
    }
  }

  /** The rows that carry their memory's owner. A waypoint that would join two owners' memories goes. */
  private async changeOwner({ id, userId }: Memory): Promise<void> {
    await this.versions.update({ memoryId: id }, { userId });
    await this.vectors.update({ memoryId: id }, { userId });
    await this.waypoints.delete([{ srcId: id }, { dstId: id }]);
  }
}
