import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { padded } from '../tenancy/padded-list.js';
import { PreparedSelect } from '../tenancy/prepared-statements.js';
import { endIsSeen } from '../waypoints/seen-ends.js';
import { SUPERSEDED_BY } from '../waypoints/waypoint-types.js';
import { Waypoint } from '../waypoints/waypoint.entity.js';
import type { Memory } from './memory.entity.js';

/** What `isCurrent` needs to know. */
export const CURRENT_VALUES = { supersededBy: SUPERSEDED_BY };

/**
 * The SQL condition that nothing has taken the place of the memory `m`, with `CURRENT_VALUES`. A subquery for each, in order of the index: see
 * `ofEnd`.
 */
export function isCurrent(query: SelectQueryBuilder<Memory>): string {
  const successor = query.subQuery().from(Waypoint, 'w') as SelectQueryBuilder<Waypoint>;
  const selected = successor
    .select('w.dstId')
    .where('w.srcId BETWEEN m.id AND m.id AND w.type = :supersededBy')
    .andWhere(endIsSeen(successor, 'dstId'))
    .orderBy('w.srcId')
    .limit(1);
  return `${selected.getQuery()} IS NULL`;
}

/**
 * Knows the memories that newer ones have taken the place of: from them a waypoint `superseded_by` leads to one that is
 * still there. When that goes, they are what they were before.
 */
@Injectable()
export class SupersededMemories {
  private readonly leading: PreparedSelect<Waypoint>;

  constructor(@InjectRepository(Waypoint) waypoints: Repository<Waypoint>) {
    this.leading = new PreparedSelect(waypoints, 'w', (query) =>
      query
        .select(['w.srcId'])
        .where('w.srcId IN (:...ids) AND w.type = :type')
        .andWhere(endIsSeen(query, 'dstId')),
    );
  }

  /** @param memories at most 512; @returns those that nothing has taken the place of, in order */
  async without<Listed extends Pick<Memory, 'id'>>(memories: readonly Listed[]): Promise<readonly Listed[]> {
    if (memories.length === 0) return memories;
    const ids = padded(memories.map(({ id }) => id));
    const found = await this.leading.all({ ids, type: SUPERSEDED_BY });
    if (found.length === 0) return memories;
    const superseded = new Set(found.map(({ srcId }) => srcId));
    return memories.filter(({ id }) => !superseded.has(id));
  }
}
