import { ApiProperty } from '@nestjs/swagger';
import { explainTerms } from '../recall/explanation.js';
import { B, BIGRAM_B, BIGRAM_K1, BIGRAM_WEIGHT, K1 } from '../recall/method.js';
import type { Hit, RecallSearch } from '../recall/recall-search.js';
import { HALF, relevance } from '../recall/relevance.js';

/** Where a part of a term's weight comes from. */
export class CreditDto {
  /**
   * `own`: the memory's own words; `before`, `after`: those of a memory before or after it in its session;
   * `speaker`: its speaker's name; `date`: its month, year or day.
   */
  @ApiProperty({ enum: ['own', 'before', 'after', 'speaker', 'date'] })
  from: 'own' | 'before' | 'after' | 'speaker' | 'date';
  /** The neighbour; null when it has expired in the meantime. */
  @ApiProperty({ type: String, nullable: true, required: false })
  memory_id?: string | null;
  /** How many memories of the session away the neighbour is, from 1. */
  distance?: number;
  /** How often the term occurs there. */
  frequency?: number;
  credit: number;
}

/** A term of the query that the memory is credited with. */
export class TermExplanationDto {
  term: string;
  /** How many of the memories searched are credited with the term. */
  df: number;
  /** ln(1 + (memories − df + 0.5) / (df + 0.5)) */
  idf: number;
  /** The sum of the credits. */
  weight: number;
  /** idf · weight · (k1 + 1) / (weight + k1 · (1 − b + b · length / average_length)) */
  contribution: number;
  credits: CreditDto[];
}

/** Two terms of the query that stand beside each other in the memory too. */
export class PairExplanationDto {
  /** The two terms. */
  pair: string[];
  /** How many of the best memories hold the pair. */
  df: number;
  /** ln(1 + (memories − df + 0.5) / (df + 0.5)) */
  idf: number;
  /** idf · (k1 + 1) / (1 + k1 · (1 − b + b · length / average_length)), with the numbers of `bigrams` */
  contribution: number;
}

/** How the best memories are ranked again. */
export class BigramsExplanationDto {
  pairs: PairExplanationDto[];
  /** The sum of the contributions. */
  sum: number;
  /** What the sum counts beside `bm25`. */
  weight: number;
  /** Pairs of adjacent terms in the memory. */
  length: number;
  /** Their mean over the best memories. */
  average_length: number;
  k1: number;
  b: number;
}

/** What the score is multiplied by; 1 where a factor says nothing. */
export class FactorsDto {
  /** The query names one speaker, who is this memory's. */
  speaker: number;
  /** The query names the month, year or day of the memory. */
  date: number;
  /** The query asks when, and the memory has a time expression. */
  when: number;
  /** The memory only asks. */
  question: number;
  /** Longer memories say more. */
  length: number;
  /** The memory mentions a date that the query names. */
  mentions: number;
  /** The memory was reinforced. */
  salience: number;
}

/** Why a memory was found: all that its score is made of. */
export class ExplanationDto {
  /** The terms that the memory is credited with. */
  terms: TermExplanationDto[];
  /** Length of the memory together with its neighbours: the sum of all weights of all terms. */
  length: number;
  /** Its mean over the memories searched. */
  average_length: number;
  /** How many memories were searched. */
  memories: number;
  k1: number;
  b: number;
  /** The sum of the terms' contributions. */
  bm25: number;
  /** null: only the best 50 are ranked again by pairs. */
  @ApiProperty({ type: BigramsExplanationDto, nullable: true })
  bigrams: BigramsExplanationDto | null;
  factors: FactorsDto;
  /** (bm25 + bigrams.weight · bigrams.sum) · speaker · date · when · question · length · mentions · salience */
  raw: number;
  /** The `raw` at which the score is one half. */
  half: number;
  /** raw / (raw + half) */
  score: number;

  /** @param idOf the id of the memory in a cell of the search, null where it is gone */
  static of(search: RecallSearch, hit: Hit, idOf: (cell: number) => string | null): ExplanationDto {
    const { memories } = search.scan;
    const terms = explainTerms(search, hit).map(({ credits, ...term }) => ({
      ...term,
      credits: credits.map(({ from, cell, ...rest }) =>
        cell === undefined ? { from, ...rest } : { from, memory_id: idOf(cell), ...rest },
      ),
    }));
    return {
      terms,
      length: memories.contextLengths[hit.cell],
      average_length: memories.averageLength,
      memories: memories.count,
      k1: K1,
      b: B,
      bm25: hit.bm25,
      bigrams: bigramsOf(hit),
      factors: { ...hit.factors },
      raw: hit.raw,
      half: HALF,
      score: relevance(hit.raw),
    };
  }
}

function bigramsOf({ bigrams }: Hit): BigramsExplanationDto | null {
  if (!bigrams) return null;
  const { sum, length, averageLength } = bigrams;
  return {
    pairs: bigrams.pairs.map(({ pair, ...rest }) => ({ pair: [...pair], ...rest })),
    sum,
    weight: BIGRAM_WEIGHT,
    length,
    average_length: averageLength,
    k1: BIGRAM_K1,
    b: BIGRAM_B,
  };
}
