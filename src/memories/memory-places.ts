import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import type { Place } from '../recall/recall-search.js';
import { PreparedSelect, type Values } from '../tenancy/prepared-statements.js';
import { TenantDataSource } from '../tenancy/tenant-data-source.js';
import { Memory } from './memory.entity.js';
import type { MemoryFiltersDto } from './memory-query.dto.js';
import { CURRENT_VALUES, isCurrent } from './superseded-memories.js';

/** How many places one statement asks for: each number is a statement of its own, written once. */
const SIZES = [10, 20, 50, 100, 200] as const;
export const MOST_PLACES = SIZES[SIZES.length - 1];
/** No memory has it. */
const NOWHERE = -1;

/** Memories by their places in the recall index. */
@Injectable()
export class MemoryPlaces {
  private readonly statements = new Map<string, PreparedSelect<Memory>>();

  constructor(
    @InjectRepository(Memory) private readonly memories: Repository<Memory>,
    @InjectDataSource() private readonly dataSource: TenantDataSource,
  ) {}

  /**
   * The memories at these places that the scope sees.
   *
   * @param places at most `MOST_PLACES`
   * @param filters those that also pass what columns can answer of them; the owner is the places' affair
   * @param onlyCurrent without those that newer ones have taken the place of
   */
  async at(places: readonly Place[], filters?: MemoryFiltersDto, onlyCurrent = false): Promise<Memory[]> {
    if (places.length === 0) return [];
    const size = SIZES.find((least) => least >= places.length);
    if (size === undefined) throw new RangeError(`At most ${MOST_PLACES} places at a time`);
    const [{ userId: owner }] = places;
    const ofOne = places.every(({ userId }) => userId === owner);
    const where = [ofOne ? OF_ONE_OWNER : this.ofAnyOwners(size), ...(filters ? COLUMN_FILTERS : [])].join(
      ' AND ',
    );
    return this.statement(where, onlyCurrent).all({
      ...(ofOne ? { owner, positions: positions(places, size) } : pairs(places, size)),
      ...(filters && columnValues(filters)),
      ...(onlyCurrent && CURRENT_VALUES),
    });
  }

  /** As pairs, not as an OR of owners, for which SQLite would read the whole vault. */
  private ofAnyOwners(size: number): string {
    const marks = Array.from({ length: size }, (_, i) => [`:owner${i}`, `:position${i}`]);
    return this.dataSource.isOneOf(['m.userId', 'm.position'], marks);
  }

  private statement(where: string, onlyCurrent: boolean): PreparedSelect<Memory> {
    const key = `${onlyCurrent}/${where}`;
    let statement = this.statements.get(key);
    if (!statement) {
      statement = new PreparedSelect(this.memories, 'm', (query) =>
        onlyCurrent ? query.where(where).andWhere(isCurrent(query)) : query.where(where),
      );
      this.statements.set(key, statement);
    }
    return statement;
  }
}

/**
 * The filters that columns can answer, one text for all of them so that it is written once. Times as expressions:
 * for the bare column SQLite would walk the owner's memories by time instead of looking up the places.
 */
const COLUMN_FILTERS = [
  '(:anySession = 1 OR m.sessionId = :session)',
  '(:anyCollection = 1 OR m.collection = :collection)',
  '(:anyStart = 1 OR m.createdAt + 0 >= :createdAfter)',
  '(:anyEnd = 1 OR m.createdAt + 0 < :createdBefore)',
];

function columnValues({ session_id, collection, created_after, created_before }: MemoryFiltersDto): Values {
  return {
    anySession: session_id === undefined ? 1 : 0,
    session: session_id ?? '',
    anyCollection: collection === undefined ? 1 : 0,
    collection: collection ?? '',
    anyStart: created_after === undefined ? 1 : 0,
    createdAfter: created_after ?? 0,
    anyEnd: created_before === undefined ? 1 : 0,
    createdBefore: created_before ?? 0,
  };
}

/** Memories that can be found by their places. */
export class MemoriesByPlace {
  private readonly byPlace: ReadonlyMap<string, Memory>;

  constructor(memories: readonly Memory[]) {
    this.byPlace = new Map(memories.map((memory) => [keyOf(memory), memory]));
  }

  get(place: Place): Memory | undefined {
    return this.byPlace.get(keyOf(place));
  }
}

function keyOf({ userId, position }: Place): string {
  return `${position}:${userId}`;
}

const OF_ONE_OWNER = 'm.userId = :owner AND m.position IN (:...positions)';

function positions(places: readonly Place[], size: number): number[] {
  return Array.from({ length: size }, (_, i) => places[i]?.position ?? NOWHERE);
}

function pairs(places: readonly Place[], size: number): Values {
  const values: Record<string, string | number> = {};
  for (let i = 0; i < size; i += 1) {
    values[`owner${i}`] = places[i]?.userId ?? '';
    values[`position${i}`] = places[i]?.position ?? NOWHERE;
  }
  return values;
}
