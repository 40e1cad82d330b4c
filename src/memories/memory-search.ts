import { Injectable } from '@nestjs/common';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { unacceptable } from '../http/api-error.js';
import { Columns } from '../recall/columns.js';
import { explainTerms } from '../recall/explanation.js';
import { type QueryFeatures, queryOf } from '../recall/query-features.js';
import { RecallReader } from '../recall/recall-reader.js';
import { type GainOf, type Hit, type Place, RecallSearch } from '../recall/recall-search.js';
import { relevance } from '../recall/relevance.js';
import { StatsCounter } from '../stats/stats-counter.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { ExplanationDto } from './explanation.dto.js';
import { MOST_PLACES, MemoriesByPlace, MemoryPlaces } from './memory-places.js';
import type { Memory } from './memory.entity.js';
import { jsonCheck, refuseOtherUser } from './memory-filters.js';
import { DEFAULT_LIMIT } from '../http/page.dto.js';
import type { SearchDto, SearchFiltersDto } from './memory-query.dto.js';
import { ReinforcementOnRead } from './reinforcement-on-read.js';
import { reinforcementGain } from './salience.js';

export interface Found {
  readonly memory: Memory;
  /** 0 to 1. */
  readonly score: number;
  /** Where it was asked for. */
  readonly explain?: ExplanationDto;
}

/** An explanation grows with the query: beyond so many distinct terms it would be megabytes. */
const MOST_TERMS_EXPLAINED = 64;

/** Search by words, best first. Statistics are those of the owners searched; filters never change them. */
@Injectable()
export class MemorySearch {
  constructor(
    private readonly places: MemoryPlaces,
    private readonly index: RecallReader,
    private readonly tenancy: Tenancy,
    private readonly stats: StatsCounter,
    private readonly onRead: ReinforcementOnRead,
  ) {}

  /**
   * @param accepts what no filter can say of a memory
   * @throws ApiError 403 for another user, 400 for an explanation of too long a query
   */
  async search(
    { query: text, limit = DEFAULT_LIMIT, filters = {}, explain = false }: SearchDto,
    accepts?: (memory: Memory) => boolean,
  ): Promise<Found[]> {
    refuseOtherUser(filters.user_id);
    const query = queryOf(text);
    if (explain) refuseLong(query);
    this.stats.countRead('search');
    if (query.terms.length === 0) return [];
    const now = Date.now();
    const found = await this.tenancy.snapshot(() =>
      this.index.read(filters.user_id, now, (memories) =>
        Columns.lend(memories.count, async (columns) => {
          const gains: GainOf = (hits) => this.gains(hits, now);
          const search = await RecallSearch.run(memories, query, gains, columns);
          const best = await this.best(search, limit, filters, accepts);
          return explain ? await this.explained(search, best) : best;
        }),
      ),
    );
    this.onRead.found(found);
    return found;
  }

  private async best(
    search: RecallSearch,
    limit: number,
    filters: SearchFiltersDto,
    accepts?: (memory: Memory) => boolean,
  ): Promise<(Found & { hit: Hit })[]> {
    const { min_score, include_superseded = false, ...conditions } = filters;
    const checks = [jsonCheck(filters), accepts].filter((check) => check !== undefined);
    const filtered = accepts !== undefined || Object.values(conditions).some((value) => value !== undefined);
    const found: (Found & { hit: Hit })[] = [];
    for (;;) {
      const hits = search.take(filtered ? MOST_PLACES : Math.min(MOST_PLACES, limit - found.length));
      if (hits.length === 0) return found;
      const rows = await this.places.at(hits, filtered ? filters : undefined, !include_superseded);
      const memories = new MemoriesByPlace(
        checks.length > 0 ? rows.filter((row) => checks.every((check) => check(row))) : rows,
      );
      for (const hit of hits) {
        const score = relevance(hit.raw);
        if (min_score !== undefined && score < min_score) return found;
        const memory = memories.get(hit);
        if (memory) found.push({ memory, score, hit });
        if (found.length === limit) return found;
      }
      // SQLite answers at once: without this, a long look would keep every other request waiting.
      await nextTurn();
    }
  }

  /** What is left of the reinforcements of the memories at these places. */
  private async gains(places: readonly Place[], now: number): Promise<number[]> {
    const memories = new MemoriesByPlace(await this.places.at(places));
    return places.map((place) => {
      const memory = memories.get(place);
      return memory ? reinforcementGain(memory, now) : 0;
    });
  }

  private async explained(search: RecallSearch, found: readonly (Found & { hit: Hit })[]): Promise<Found[]> {
    const neighbours = new Map<number, Place>();
    for (const { hit } of found) {
      for (const { credits } of explainTerms(search, hit)) {
        for (const { cell } of credits) if (cell !== undefined) neighbours.set(cell, search.placeOf(cell));
      }
    }
    const ids = new Map<number, string | null>();
    const all = [...neighbours];
    for (let at = 0; at < all.length; at += MOST_PLACES) {
      const some = all.slice(at, at + MOST_PLACES);
      const memories = new MemoriesByPlace(await this.places.at(some.map(([, place]) => place)));
      for (const [cell, place] of some) ids.set(cell, memories.get(place)?.id ?? null);
    }
    return found.map(({ hit, ...rest }) => ({
      ...rest,
      explain: ExplanationDto.of(search, hit, (cell) => ids.get(cell) ?? null),
    }));
  }
}

function refuseLong({ terms }: QueryFeatures): void {
  if (terms.length <= MOST_TERMS_EXPLAINED) return;
  throw unacceptable([
    { field: 'explain', message: `can explain queries of at most ${MOST_TERMS_EXPLAINED} different terms` },
  ]);
}
