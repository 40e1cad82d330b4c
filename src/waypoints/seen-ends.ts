import type { SelectQueryBuilder } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import type { Waypoint } from './waypoint.entity.js';

type End = 'srcId' | 'dstId';

/**
 * The SQL for a column of the memory at an end of a waypoint `w`; null where the scope does not see it.
 *
 * A subquery for each waypoint, and no join, looking for a range of one id, in order: PostgreSQL takes a vault or a
 * user who came since it last counted for a single row. It would join them with all their waypoints, each with each;
 * and any index that begins with them would be as good as the one by id, which only the order speaks for.
 */
export function ofEnd(query: SelectQueryBuilder<Waypoint>, end: End, column: 'id' | 'createdAt'): string {
  return query
    .subQuery()
    .select(`${end}.${column}`)
    .from(Memory, end)
    .where(`${end}.id BETWEEN w.${end} AND w.${end}`)
    .orderBy(`${end}.id`)
    .limit(1)
    .getQuery();
}

/** The SQL condition that the scope sees the memory at an end of a waypoint `w`. */
export function endIsSeen(query: SelectQueryBuilder<Waypoint>, end: End): string {
  return `w.${end} = ${ofEnd(query, end, 'id')}`;
}
