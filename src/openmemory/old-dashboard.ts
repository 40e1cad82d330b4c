import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Repository, SelectQueryBuilder } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { DAY_MS, TOKEN_WITHOUT_VAULT } from '../stats/event-types.js';
import { StatsService } from '../stats/stats.service.js';
import { Tenancy } from '../tenancy/tenancy.js';

/** Of the stretches of a timeline; ms. */
const SIZES = { hour: 3_600_000, day: DAY_MS } as const;

export interface SectorFigures {
  readonly sector: string;
  readonly count: number;
  readonly recent: number;
  readonly salience: Figures;
  readonly lambda: Figures;
}

/** Of numbers: how many, and what they come to. */
interface Figures {
  readonly sum: number;
  readonly least: number;
  readonly most: number;
}

/** Memories of one sector that came about in one stretch of time. */
export interface Stretch {
  readonly sector: string;
  /** ms since 1970 */
  readonly from: number;
  readonly count: number;
}

/** What the dashboard of OpenMemory shows, of what the caller may see and nothing else. */
@Injectable()
export class OldDashboard {
  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    private readonly stats: StatsService,
    private readonly tenancy: Tenancy,
  ) {}

  /** @param since ms since 1970; what came about from then on is recent */
  async sectors(collection: string | undefined, since: number): Promise<SectorFigures[]> {
    // SQLite answers at once: without this, counting would keep every other request waiting.
    await nextTurn();
    const rows = await this.of(collection)
      .select('m.primarySector', 'sector')
      .addSelect('COUNT(*)', 'count')
      .addSelect('COUNT(CASE WHEN m.createdAt >= :since THEN m.position END)', 'recent')
      .addSelect('SUM(m.salience)', 'salience')
      .addSelect('MIN(m.salience)', 'leastSalience')
      .addSelect('MAX(m.salience)', 'mostSalience')
      .addSelect('SUM(m.decayLambda)', 'lambda')
      .setParameter('since', since)
      .groupBy('m.primarySector')
      .orderBy('m.primarySector', 'ASC')
      .getRawMany<Record<string, string>>();
    return rows.map((row) => ({
      sector: row.sector,
      count: Number(row.count),
      recent: Number(row.recent),
      salience: figures(row.salience, row.leastSalience, row.mostSalience),
      lambda: figures(row.lambda),
    }));
  }

  /** Those that were changed last. */
  latest(collection: string | undefined, limit: number): Promise<Memory[]> {
    return this.first(collection, limit, 'updatedAt');
  }

  /** Those that stand out most. */
  strongest(collection: string | undefined, limit: number): Promise<Memory[]> {
    return this.first(collection, limit, 'salience');
  }

  /**
   * @param since @param until ms since 1970: times beyond, which adopted rows may bear, have no date
   */
  async stretches(
    collection: string | undefined,
    [since, until]: readonly [number, number],
    size: keyof typeof SIZES,
  ): Promise<Stretch[]> {
    await nextTurn();
    const from = `m.createdAt - m.createdAt % ${SIZES[size]}`;
    const rows = await this.of(collection)
      .select('m.primarySector', 'sector')
      .addSelect(from, 'start')
      .addSelect('COUNT(*)', 'count')
      .andWhere('m.createdAt BETWEEN :since AND :until', { since, until })
      .groupBy('m.primarySector')
      .addGroupBy(from)
      .orderBy(from, 'ASC')
      .addOrderBy('m.primarySector', 'ASC')
      .getRawMany<Record<string, string>>();
    return rows.map(({ sector, start, count }) => ({ sector, from: Number(start), count: Number(count) }));
  }

  /** What was done on each day, by type; not by what tokens. */
  async events(since: number): Promise<{ day: string; counts: Readonly<Record<string, number>> }[]> {
    const byDay = new Map<string, Record<string, number>>();
    for (const { day, type, count } of await this.stats.events(Math.max(0, since))) {
      if (type === TOKEN_WITHOUT_VAULT) continue;
      const counts = byDay.get(day) ?? {};
      counts[type] = count;
      byDay.set(day, counts);
    }
    return [...byDay].map(([day, counts]) => ({ day, counts }));
  }

  /** The names of projects, which are collections here; at most so many. */
  async projects(most: number): Promise<string[]> {
    await nextTurn();
    const rows = await this.memories
      .createQueryBuilder('m')
      .select('m.collection', 'name')
      .where('m.collection IS NOT NULL')
      .groupBy('m.collection')
      .orderBy('m.collection', 'ASC')
      .limit(most)
      .getRawMany<{ name: string }>();
    return rows.map(({ name }) => name);
  }

  private first(
    collection: string | undefined,
    limit: number,
    column: 'updatedAt' | 'salience',
  ): Promise<Memory[]> {
    return this.tenancy.snapshot(async () => {
      await nextTurn();
      const query = this.of(collection).orderBy(`m.${column}`, 'DESC').addOrderBy('m.id', 'DESC');
      return query.limit(limit).getMany();
    });
  }

  private of(collection: string | undefined): SelectQueryBuilder<Memory> {
    const query = this.memories.createQueryBuilder('m');
    return collection === undefined ? query : query.andWhere('m.collection = :collection', { collection });
  }
}

function figures(sum: string, least = '0', most = '0'): Figures {
  return { sum: Number(sum), least: Number(least), most: Number(most) };
}
