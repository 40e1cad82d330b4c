import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Between, Not, type Repository } from 'typeorm';
import { ApiError, unacceptable } from '../http/api-error.js';
import { Memory } from '../memories/memory.entity.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { DAY_MS, TOKEN_WITHOUT_VAULT, dateOf, dayOf } from './event-types.js';
import { Stat } from './stat.entity.js';
import type { StatsQueryDto } from './stats.dto.js';
import { StatsCounter } from './stats-counter.js';

/** Owners and collections shown, those with the most memories. */
const MOST = 100;
const DEFAULT_DAYS = 30;
const MAX_DAYS = 366;

type Counted<Name extends string> = Record<Name, string> & { readonly count: number };

export interface Stats {
  readonly memories: number;
  readonly sectors: Counted<'sector'>[];
  readonly users: Counted<'user_id'>[];
  readonly collections: (Readonly<{ collection: string | null }> & { readonly count: number })[];
  readonly days: Counted<'day'>[];
  readonly events: (Counted<'day'> & Counted<'type'>)[];
}

/** Counts of what the running scope may see. */
@Injectable()
export class StatsService {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    @InjectRepository(Stat) private readonly stats: Repository<Stat>,
    private readonly counter: StatsCounter,
    private readonly tenancy: Tenancy,
  ) {}

  /** @throws ApiError 400 for days that are too many or the wrong way round */
  async read(query: StatsQueryDto): Promise<Stats> {
    const [from, to] = rangeOf(query, Date.now());
    return this.tenancy.snapshot(async () => {
      const sectors = await this.countBy<{ sector: string }>('m.primarySector', 'sector');
      const users = await this.countBy<{ user_id: string }>('m.userId', 'user_id', MOST);
      const collections = await this.countBy<{ collection: string | null }>(
        'm.collection',
        'collection',
        MOST,
      );
      return {
        memories: sectors.reduce((sum, { count }) => sum + count, 0),
        sectors,
        users,
        collections,
        days: await this.days(from, to),
        events: await this.eventsIn(from, to),
      };
    });
  }

  /** Living memories by primary sector, with the mean of their salience as it is stored, to six decimals. */
  async bySector(): Promise<{ sector: string; count: number; avg_salience: number }[]> {
    const rows = await this.memories
      .createQueryBuilder('m')
      .select('m.primarySector', 'sector')
      .addSelect('COUNT(*)', 'count')
      .addSelect('AVG(m.salience)', 'average')
      .groupBy('m.primarySector')
      .orderBy('m.primarySector', 'ASC')
      .getRawMany<Record<'sector' | 'count' | 'average', string>>();
    return rows.map(({ sector, count, average }) => ({
      // Further ones would tell in which order the rows were added up.
      ...{ sector, count: Number(count), avg_salience: Math.round(Number(average) * 1e6) / 1e6 },
    }));
  }

  /** Living memories by the value of a column, the most frequent first. */
  private async countBy<Value extends object>(
    column: string,
    name: string,
    most?: number,
  ): Promise<(Value & { count: number })[]> {
    // SQLite answers at once: without this, counting would keep every other request waiting.
    await nextTurn();
    const rows = await this.memories
      .createQueryBuilder('m')
      .select(column, name)
      .addSelect('COUNT(*)', 'count')
      .groupBy(column)
      .orderBy('COUNT(*)', 'DESC')
      .addOrderBy(column, 'ASC', 'NULLS FIRST')
      .limit(most)
      .getRawMany<Value & { count: number | string }>();
    return rows.map((row) => ({ ...row, count: Number(row.count) }));
  }

  private async days(from: number, to: number): Promise<Counted<'day'>[]> {
    await nextTurn();
    const day = `m.createdAt - m.createdAt % ${DAY_MS}`;
    const rows = await this.memories
      .createQueryBuilder('m')
      .select(day, 'day')
      .addSelect('COUNT(*)', 'count')
      .where({ createdAt: Between(from, to + DAY_MS - 1) })
      .groupBy(day)
      .orderBy(day, 'ASC')
      .getRawMany<{ day: number | string; count: number | string }>();
    return rows.map((row) => ({ day: dateOf(Number(row.day)), count: Number(row.count) }));
  }

  /** What happened, by type and day, from a time (ms since 1970) on. @throws ApiError 400 for too many days */
  events(from: number): Promise<Stats['events']> {
    return this.eventsIn(...rangeOf({ from }, Date.now()));
  }

  private async eventsIn(from: number, to: number): Promise<Stats['events']> {
    // Users may see what belongs to nobody, and this belongs to nobody.
    const isUser = TenantContext.scope().userId !== undefined;
    const rows = await this.stats.find({
      select: { type: true, ts: true, count: true },
      where: { ts: Between(from, to + DAY_MS - 1), ...(isUser ? { type: Not(TOKEN_WITHOUT_VAULT) } : {}) },
    });
    const counts = new Map<string, { day: number; type: string; count: number }>();
    // Rows of older databases are one per event, at its very millisecond.
    for (const { type, ts, count } of [...rows, ...this.counter.unwritten()]) {
      const day = dayOf(ts);
      if (day < from || day > to) continue;
      const key = `${day}/${type}`;
      const known = counts.get(key);
      if (known) known.count += count;
      else counts.set(key, { day, type, count });
    }
    return [...counts.values()]
      .sort((a, b) => a.day - b.day || (a.type < b.type ? -1 : 1))
      .map(({ day, type, count }) => ({ day: dateOf(day), type, count }));
  }
}

/** The first milliseconds of the first and the last day asked for. @throws ApiError 400 */
function rangeOf(query: StatsQueryDto, now: number): [from: number, to: number] {
  const to = dayOf(query.to ?? now);
  const from = query.from === undefined ? Math.max(0, to - (DEFAULT_DAYS - 1) * DAY_MS) : dayOf(query.from);
  if (from > to) throw unusable('must not be after to');
  if (to - from >= MAX_DAYS * DAY_MS) throw unusable(`must be at most ${MAX_DAYS} days before to`);
  return [from, to];
}

function unusable(message: string): ApiError {
  return unacceptable([{ field: 'from', message }]);
}
