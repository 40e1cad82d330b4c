import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { VectorRow } from '../embeddings/vector.entity.js';
import { indexedOf, slotOf } from '../recall/indexed.js';
import { RecallIndex } from '../recall/recall-index.js';
import { sameSlot } from '../recall/term-block.js';
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
   * Brings the recall index from one state of a memory to the next. Other features or another expiry take the
   * place of the old ones; another owner or session is a new arrival, and gives `after` its new position.
   */
  async reindex(before: Memory, after: Memory): Promise<void> {
    const indexed = indexedOf(after);
    const [was, is] = [slotOf(indexedOf(before)), slotOf(indexed)];
    if (before.userId !== after.userId || was.session !== is.session) {
      await this.index.remove(before.userId, [before.position]);
      after.position = await this.index.append(after.userId, indexed);
      if (before.userId !== after.userId) await this.changeOwner(after);
    } else if (!sameSlot(was, is)) {
      await this.index.replace(after.userId, after.position, indexed);
    }
  }

  /** The rows that carry their memory's owner. A waypoint that would join two owners' memories goes. */
  private async changeOwner({ id, userId }: Memory): Promise<void> {
    await this.versions.update({ memoryId: id }, { userId });
    await this.vectors.update({ memoryId: id }, { userId });
    await this.waypoints.delete([{ srcId: id }, { dstId: id }]);
  }
}
