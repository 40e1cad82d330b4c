import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Memory } from '../memories/memory.entity.js';
import { SECTOR_PATTERNS } from '../memories/sector-patterns.js';
import { DECAY_LAMBDA, SECTORS, WEIGHT_TENTHS } from '../memories/sectors.js';

export interface SectorFigures {
  readonly sector: string;
  readonly count: number;
  /** As stored, 0 to 1. */
  readonly avg_salience: number;
}

/** The five sectors as OpenMemory describes them. A pattern is an empty object: what JSON makes of a RegExp. */
export function sectorConfigs() {
  return Object.fromEntries(
    SECTORS.map((sector) => [
      sector,
      {
        model: 'words',
        decay_lambda: DECAY_LAMBDA[sector],
        weight: WEIGHT_TENTHS[sector] / 10,
        patterns: SECTOR_PATTERNS[sector].map(() => ({})),
      },
    ]),
  );
}

/** What of each primary sector the caller may see. */
@Injectable()
export class OldSectors {
  constructor(@InjectRepository(Memory) private readonly memories: Repository<Memory>) {}

  async figures(): Promise<SectorFigures[]> {
    const rows = await this.memories
      .createQueryBuilder('m')
      .select('m.primarySector', 'sector')
      .addSelect('COUNT(*)', 'count')
      .addSelect('AVG(m.salience)', 'average')
      .groupBy('m.primarySector')
      .orderBy('m.primarySector', 'ASC')
      .getRawMany<Record<'sector' | 'count' | 'average', string>>();
    return rows.map(({ sector, count, average }) => ({
      ...{ sector, count: Number(count), avg_salience: Math.round(Number(average) * 1e6) / 1e6 },
    }));
  }
}
