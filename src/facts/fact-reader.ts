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
  async at(time: number, { subject, predicate, object, userId, collections }: FactPattern): Promise<Fact[]> {
    const query = this.facts.createQueryBuilder('f').where(HELD).andWhere(LIKENESS);
    // What the index leads by is left out where it is not said.
    if (subject !== undefined) query.andWhere('f.subject = :subject', { subject });
    if (userId !== undefined) query.andWhere('f.userId = :userId', { userId });
    return query
      .setParameters({
        ...{ time, anyPredicate: predicate === undefined ? 1 : 0, predicate: predicate ?? '' },
        ...{ anyObject: object === undefined ? 1 : 0, object: object ?? '' },
        ...{ anyCollection: collections === undefined ? 1 : 0, collections: collections ?? ['', ''] },
      })
      .orderBy('f.confidence', 'DESC')
      .addOrderBy('f.validFrom', 'DESC')
      .addOrderBy('f.id', 'ASC')
      .limit(MOST)
      .getMany();
  }
}

const HELD = 'f.validFrom <= :time AND (f.validTo IS NULL OR f.validTo >= :time)';

/** Of what may be said and need not be, one text for all of it. */
const LIKENESS = [
  '(:anyPredicate = 1 OR f.predicate = :predicate)',
  '(:anyObject = 1 OR f.object = :object)',
  '(:anyCollection = 1 OR f.collection IS NULL OR f.collection IN (:...collections))',
].join(' AND ');
