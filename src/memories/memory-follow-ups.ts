import { Injectable } from '@nestjs/common';
import type { EventType } from '../stats/event-types.js';
import { StatsCounter } from '../stats/stats-counter.js';
import { UserMarks } from '../users/user-marks.js';
import type { Memory } from './memory.entity.js';

/**
 * What follows from a write of memories, statistics and the users' rows, and happens with it or not at all. Every method belongs in the unit of
 * work that writes, after the memories and their index entries.
 */
@Injectable()
export class MemoryFollowUps {
  constructor(
    private readonly stats: StatsCounter,
    private readonly marks: UserMarks,
  ) {}

  /** @param memories new ones, those of one owner in the order of their positions */
  async added(memories: readonly Memory[]): Promise<void> {
    if (memories.length === 0) return;
    await this.marks.touched(await this.count('add', memories));
  }

  async changed(before: Memory, after: Memory): Promise<void> {
    await this.count('update', [after]);
    // What a summary says may have been in the former text, or be another's now.
    const isTaken = before.userId !== after.userId || before.content !== after.content;
    if (isTaken) await this.marks.bereft([before.userId]);
    await this.marks.touched([after.userId]);
  }

  async reinforced(memory: Memory): Promise<void> {
    await this.count('reinforce', [memory]);
  }

  async removed(
    memories: readonly Pick<Memory, 'userId'>[],
    why: EventType & ('delete' | 'expire'),
  ): Promise<void> {
    await this.marks.bereft(await this.count(why, memories));
  }

  /** @returns the owners */
  private async count(type: EventType, memories: readonly Pick<Memory, 'userId'>[]): Promise<string[]> {
    const counts = new Map<string, number>();
    for (const { userId } of memories) counts.set(userId, (counts.get(userId) ?? 0) + 1);
    for (const [userId, n] of counts) await this.stats.count(type, userId, n);
    return [...counts.keys()];
  }
}
