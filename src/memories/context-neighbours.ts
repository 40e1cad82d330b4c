import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { sessionOf } from '../recall/memory-features.js';
import { SESSION_PAUSE_MS } from '../recall/method.js';
import { PreparedSelect } from '../tenancy/prepared-statements.js';
import { Memory } from './memory.entity.js';
import { jsonObject } from './stored-json.js';

/** So far a neighbour is looked for, in memories of the same owner: as many may have come in between. */
const REACH = 16;

/** The memories right before and right after one in its session; null where there is none. */
export interface Neighbours {
  readonly before: Memory | null;
  readonly after: Memory | null;
}

/** Finds neighbours in the session, by what recall calls a session. */
@Injectable()
export class SessionNeighbours {
  private readonly around: PreparedSelect<Memory>;
  private readonly preceding: PreparedSelect<Memory>;
  private readonly following: PreparedSelect<Memory>;
  private readonly byPosition: PreparedSelect<Memory>;

  constructor(@InjectRepository(Memory) memories: Repository<Memory>) {
    this.around = new PreparedSelect(memories, 'm', (query) =>
      query.where('m.userId = :userId AND m.position IN (:before, :after)'),
    );
    // Without contents, which may be long.
    const columns = ['m.position', 'm.sessionId', 'm.metadata', 'm.createdAt'];
    this.preceding = new PreparedSelect(memories, 'm', (query) =>
      query
        .select(columns)
        .where('m.userId = :userId AND m.position < :position')
        .orderBy('m.position', 'DESC')
        .limit(REACH),
    );
    this.following = new PreparedSelect(memories, 'm', (query) =>
      query
        .select(columns)
        .where('m.userId = :userId AND m.position > :position')
        .orderBy('m.position', 'ASC')
        .limit(REACH),
    );
    this.byPosition = new PreparedSelect(memories, 'm', (query) =>
      query.where('m.userId = :userId AND m.position = :position').limit(1),
    );
  }

  async of(memory: Memory): Promise<Neighbours> {
    const { userId, position } = memory;
    const session = sessionKeyOf(memory);
    // Most sessions are not interrupted: one look finds both.
    const beside = await this.around.all({ userId, before: position - 1, after: position + 1 });
    const nearest = async (next: number, further: PreparedSelect<Memory>): Promise<Memory | null> => {
      const adjacent = beside.find((other) => other.position === next);
      const isOfSession = adjacent && sessionKeyOf(adjacent) === session;
      const neighbour = isOfSession ? adjacent : await this.nearest(further, memory, session);
      const isApart = neighbour && Math.abs(neighbour.createdAt - memory.createdAt) > SESSION_PAUSE_MS;
      return session === null && isApart ? null : neighbour;
    };
    return {
      before: await nearest(position - 1, this.preceding),
      after: await nearest(position + 1, this.following),
    };
  }

  private async nearest(
    select: PreparedSelect<Memory>,
    { userId, position }: Memory,
    session: string | null,
  ): Promise<Memory | null> {
    const others = await select.all({ userId, position });
    const nearest = others.find((other) => sessionKeyOf(other) === session);
    return nearest ? this.byPosition.one({ userId, position: nearest.position }) : null;
  }
}

function sessionKeyOf({ sessionId, metadata }: Memory): string | null {
  return sessionOf(sessionId, jsonObject(metadata));
}
