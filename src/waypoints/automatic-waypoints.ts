import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import type { Place, WrittenBlock } from '../recall/index-tails.js';
import { LONGEST_LIST, padded } from '../tenancy/padded-list.js';
import { Flags } from '../rollout/flags.service.js';
import { PreparedInsert } from '../tenancy/prepared-insert.js';
import { PreparedSelect } from '../tenancy/prepared-statements.js';
import { RecentBlock } from './recent-block.js';
import { NEXT, SIMILAR } from './waypoint-types.js';
import { Waypoint } from './waypoint.entity.js';

/** A new memory, and where in the same block those are that it may be joined to. */
interface Draft {
  readonly memory: Memory;
  /** Position of the previous one of its session, as far as hashes can tell. */
  readonly before: number | undefined;
  /** Position of the most similar one. */
  readonly like: number | undefined;
  readonly similarity: number;
  /** What is known of the memories of the block. */
  readonly places: Map<number, Place>;
}

/**
 * Joins new memories to those before them, by at most two waypoints each, at a cost that does not grow with how
 * many there are: `next`, from the previous memory of the session to the new one; and `similar`, from the new one
 * to the most similar of those in the same block of the recall index (up to 63), which is at hand because the new
 * one has just been written into it.
 */
@Injectable()
export class AutomaticWaypoints {
  private readonly previous: PreparedSelect<Memory>;
  private readonly at: PreparedSelect<Memory>;
  private readonly insert: PreparedInsert<Waypoint>;

  constructor(
    @InjectRepository(Memory) memories: Repository<Memory>,
    @InjectRepository(Waypoint) waypoints: Repository<Waypoint>,
    private readonly flags: Flags,
  ) {
    const place = ['m.vaultId', 'm.id', 'm.position', 'm.sessionId'];
    this.previous = new PreparedSelect(memories, 'm', (query) =>
      query
        .select(place)
        .where('m.userId = :userId AND m.sessionId = :sessionId AND m.position < :position')
        .orderBy('m.createdAt', 'DESC')
        .addOrderBy('m.id', 'DESC')
        .limit(1),
    );
    this.at = new PreparedSelect(memories, 'm', (query) =>
      query.select(place).where('m.userId = :userId AND m.position IN (:...positions)'),
    );
    this.insert = new PreparedInsert(waypoints);
  }

  /**
   * To be called in the unit of work that stores the memories, when they and their index entries are written.
   *
   * @param memories new ones of one owner, in the order of their positions, which have no gaps
   * @param blocks the blocks of the recall index that they are in
   */
  async link(memories: readonly Memory[], blocks: readonly WrittenBlock[]): Promise<void> {
    if (memories.length === 0 || !this.flags.here()['recall.waypoints']) return;
    const now = Date.now();
    const drafts = draftsOf(memories, blocks, now);
    await this.learnPlaces(drafts);
    const waypoints: Waypoint[] = [];
    const join = (from: Place, to: Place, type: string, weight: number) => {
      const { vaultId, userId } = memories[0];
      const times = { createdAt: now, updatedAt: now };
      waypoints.push({
        ...{ vaultId, srcId: from.id, dstId: to.id, type, userId, weight, metadata: '{}' },
        ...times,
      });
    };
    /** The last memory of each session so far. */
    const last = new Map<string, Place>();
    for (const { memory, places, before, like, similarity } of drafts) {
      if (memory.sessionId !== null) {
        const previous =
          last.get(memory.sessionId) ??
          (await this.previousOf(memory, before === undefined ? undefined : places.get(before)));
        if (previous) join(previous, memory, NEXT, 1);
        last.set(memory.sessionId, memory);
      }
      const other = like === undefined ? undefined : places.get(like);
      if (other) join(memory, other, SIMILAR, similarity);
    }
    // All of these were read, or written, in the scope of their owner.
    await this.insert.runMany(waypoints, 'read');
  }

  /**
   * The memory of the same session that arrived last; where it is in another block, the one of the latest time.
   *
   * @param guess what has the same hash; sessions that metadata names, and rarely others, may have it too
   */
  private async previousOf(
    { userId, sessionId, position }: Memory,
    guess: Place | undefined,
  ): Promise<Place | null> {
    if (guess?.sessionId === sessionId) return guess;
    return this.previous.one({ userId, sessionId, position });
  }

  /** Sees to it that the memories at all positions that the drafts name are known, those that are still there. */
  private async learnPlaces(drafts: readonly Draft[]): Promise<void> {
    for (const { memory, places } of drafts) {
      places.set(memory.position, placeOf(memory));
    }
    const missing = new Map<number, Map<number, Place>>();
    for (const { before, like, places } of drafts) {
      if (before !== undefined && !places.has(before)) missing.set(before, places);
      if (like !== undefined && !places.has(like)) missing.set(like, places);
    }
    const { userId } = drafts[0].memory;
    const positions = [...missing.keys()];
    for (let at = 0; at < positions.length; at += LONGEST_LIST) {
      const some = padded(positions.slice(at, at + LONGEST_LIST));
      for (const memory of await this.at.all({ userId, positions: some })) {
        missing.get(memory.position)!.set(memory.position, placeOf(memory));
      }
    }
  }
}

/** No more of it: it is kept. */
function placeOf({ id, position, sessionId }: Place): Place {
  return { id, position, sessionId };
}

function draftsOf(memories: readonly Memory[], blocks: readonly WrittenBlock[], now: number): Draft[] {
  const start = memories[0].position;
  return blocks.flatMap(({ firstPosition, slots, data, places }) => {
    const block = new RecentBlock(data, now);
    const drafts: Draft[] = [];
    for (let index = Math.max(0, start - firstPosition); index < slots; index += 1) {
      const before = block.sameSessionBefore(index);
      const like = block.mostSimilarBefore(index);
      drafts.push({
        memory: memories[firstPosition + index - start],
        before: before === undefined ? undefined : firstPosition + before,
        like: like && firstPosition + like.index,
        similarity: like?.similarity ?? 0,
        places,
      });
    }
    return drafts;
  });
}
