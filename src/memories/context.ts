import { Injectable } from '@nestjs/common';
import { CREDIT_TO_NEXT, CREDIT_TO_PREVIOUS } from '../recall/method.js';
import { HALF } from '../recall/relevance.js';
import { Turns } from '../recall/turns.js';
import { Tenancy } from '../tenancy/tenancy.js';
import type { ContextDto } from './context.dto.js';
import { ContextText } from './context-layout.js';
import { SessionNeighbours } from './context-neighbours.js';
import { matchesFilters } from './memory-filters.js';
import type { Memory } from './memory.entity.js';
import { MAX_LIMIT } from '../http/page.dto.js';
import type { SearchFiltersDto } from './memory-query.dto.js';
import { type Found, MemorySearch } from './memory-search.js';
import { SupersededMemories } from './superseded-memories.js';
import { TOKEN, estimateTokens, tokenCost } from './token-estimate.js';

/** A memory that may go into the text. */
interface Candidate {
  readonly memory: Memory;
  /** By which candidates compete: a result's raw score, a neighbour's part of that. */
  readonly worth: number;
  readonly isResult: boolean;
}

export interface Context {
  readonly text: string;
  /** In the order of the text; the score is null where the search did not find it. */
  readonly memories: readonly { readonly memory: Memory; readonly score: number | null }[];
  /** Estimated from above. */
  readonly tokens: number;
}

/** The least that a further memory costs: its line break and its dash. */
const LEAST_COST = tokenCost('\n-');
/** What looking for a memory's neighbours takes, in the steps that `Turns` counts. */
const STEPS_A_LOOK = 5_000;

/**
 * Text for a prompt under a budget: the best memories that a search finds, and beside them the one before and the
 * one after in the session, which often hold the question to an answer or what "she" and "there" mean. A neighbour
 * is worth as much of the result's score as its words count in the result (the method's credits), and competes by
 * that with the results. The best goes in first; one that does not fit is left out whole, and the next may.
 */
@Injectable()
export class MemoryContext {
  constructor(
    private readonly finder: MemorySearch,
    private readonly neighbours: SessionNeighbours,
    private readonly superseded: SupersededMemories,
    private readonly tenancy: Tenancy,
  ) {}

  /** @throws ApiError 403 for another user */
  build({ query, max_tokens, filters = {} }: ContextDto): Promise<Context> {
    return this.tenancy.snapshot(async () => {
      const found = await this.finder.search({ query, limit: MAX_LIMIT, filters });
      const scores = new Map(found.map(({ memory, score }) => [memory.id, score]));
      const queue = new CandidateQueue(found);
      const text = new ContextText(max_tokens * TOKEN);
      const turns = new Turns();
      for (;;) {
        const candidate = text.left >= LEAST_COST ? queue.take() : undefined;
        if (!candidate) break;
        const { memory, worth, isResult } = candidate;
        const isIn = text.has(memory.id) || text.add(memory);
        if (isIn && isResult) queue.add(await this.beside(memory, worth, filters));
        if (turns.spent(memory.content.length + STEPS_A_LOOK)) await turns.pass();
      }
      const composed = text.compose();
      return {
        text: composed.text,
        memories: composed.memories.map((memory) => ({ memory, score: scores.get(memory.id) ?? null })),
        tokens: estimateTokens(composed.text),
      };
    });
  }

  /** A result's neighbours in its session, where the filters let them pass. */
  private async beside(memory: Memory, worth: number, filters: SearchFiltersDto): Promise<Candidate[]> {
    const { before, after } = await this.neighbours.of(memory);
    const candidates: Candidate[] = [];
    // They are not what it says now.
    const isShown = await this.shown([before, after], filters);
    if (before) candidates.push({ memory: before, worth: worth * CREDIT_TO_NEXT[0], isResult: false });
    if (after) candidates.push({ memory: after, worth: worth * CREDIT_TO_PREVIOUS[0], isResult: false });
    return candidates.filter(({ memory: one }) => isShown.has(one) && matchesFilters(one, filters));
  }

  private async shown(
    memories: readonly (Memory | null)[],
    { include_superseded = false }: SearchFiltersDto,
  ): Promise<ReadonlySet<Memory>> {
    const present = memories.filter((memory) => memory !== null);
    return new Set(include_superseded ? present : await this.superseded.without(present));
  }
}

/** The results of a search, and the neighbours that are added to them, the best first. */
class CandidateQueue {
  private readonly results: readonly Candidate[];
  private readonly neighbours: Candidate[] = [];
  private next = 0;

  /** @param found the best first */
  constructor(found: readonly Found[]) {
    this.results = found.map(({ memory, score }) => ({ memory, worth: rawScore(score), isResult: true }));
  }

  add(neighbours: readonly Candidate[]): void {
    this.neighbours.push(...neighbours);
  }

  /** The best that is left; of equals a result, and the one that came first. */
  take(): Candidate | undefined {
    let best = -1;
    for (const [i, { worth }] of this.neighbours.entries()) {
      if (best < 0 || worth > this.neighbours[best].worth) best = i;
    }
    if (this.next < this.results.length) {
      const result = this.results[this.next];
      if (best < 0 || result.worth >= this.neighbours[best].worth) {
        this.next += 1;
        return result;
      }
    }
    return best < 0 ? undefined : this.neighbours.splice(best, 1)[0];
  }
}

/** A score before it was brought into [0, 1]: there, half as much is half as relevant. */
function rawScore(score: number): number {
  return (HALF * score) / (1 - score);
}
