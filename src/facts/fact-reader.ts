import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { Fact } from './fact.entity.js';

/** Which facts: those that are exactly this, as far as it is said. */
export interface FactPattern {
  readonly subject?: string;
  readonly predicate?: string;
  readonly object?: string;
  readonly userId?: string;
  /** In one of these, or in none. */
  readonly collections?: readonly string[];
}

/** Facts given at once, the surest. */
const MOST = 100;

/** Reads facts. Nothing in the service makes them yet: they come with databases that were taken over. */
@Injectable()
export class FactReader {
  constructor(@InjectRepository(Fact) private readonly facts: Repository<Fact>) {}

  /** What held at a moment: the surest first, of equally sure facts the newest. @param time ms since 1970 */
  async at(time: number, { collections, ...exactly }: FactPattern): Promise<Fact[]> {
    const query = this.facts
      .createQueryBuilder('f')
      .where('f.validFrom <= :time AND (f.validTo IS NULL OR f.validTo >= :time)', { time });
    for (const [name, value] of Object.entries(exactly)) {
      if (value !== undefined)
        query.andWhere(`f.${name as keyof typeof exactly} = :${name}`, { [name]: value });
    }
    if (collections) {
      query.andWhere('(f.collection IS NULL OR f.collection IN (:...collections))', { collections });
    }
    return query
      .orderBy('f.confidence', 'DESC')
      .addOrderBy('f.validFrom', 'DESC')
      .addOrderBy('f.id', 'ASC')
      .limit(MOST)
      .getMany();
  }
}
