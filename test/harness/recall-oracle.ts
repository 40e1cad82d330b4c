import { MONTH_TERMS, dateOfDay } from '../../src/recall/calendar.js';
import { type IndexedMemory, type MemoryFeatures, featuresOf } from '../../src/recall/memory-features.js';
import { type QueryFeatures, queryOf } from '../../src/recall/query-features.js';

/** A memory as the oracle sees it. */
export interface LivingMemory extends IndexedMemory {
  readonly id: string;
  /** Its owner; '' when it has none. */
  readonly userId: string;
  /** Arrival order: inside an owner, and for equal scores. */
  readonly order: number;
  /** What being reinforced multiplies its score by; 1 when absent. */
  readonly salience?: number;
}

/** A memory found. */
export interface Recalled {
  readonly id: string;
  readonly order: number;
  /** 0 to 1. */
  readonly score: number;
  /** The score before it is brought between 0 and 1. */
  readonly raw: number;
}

type Bag = Map<string, number>;

interface Entry {
  readonly memory: LivingMemory;
  readonly features: MemoryFeatures;
  /** c_i(t): its words, its neighbours' faded, its speaker and its date. */
  readonly context: Bag;
  /** The part of `context` that comes from words. */
  readonly words: ReadonlySet<string>;
  /** L_i */
  readonly length: number;
}

const BEFORE = [0.7, 0.5, 0.3, 0.2];
const AFTER = [0.4, 0.2, 0.1];
const ANSWER = 1.3;
const QUESTION_AHEAD = 0.8;
const PAUSE = 30 * 60_000;

const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
const idf = (n: number, df: number) => Math.log(1 + (n - df + 0.5) / (df + 0.5));

/**
 * What a search must find, straight from the method over strings: a stored context bag for every memory, every
 * statistic counted anew from the memories of the owners searched.
 *
 * The formulas and their constants are written out here a second time on purpose; only the features of texts
 * and queries are the product's own.
 *
 * @param living the memories that exist in the owners searched, and no others
 * @returns all candidates, best first, equal ones by arrival
 */
export function recall(living: readonly LivingMemory[], query: string): Recalled[] {
  return new RecallOracle(living).search(query);
}

/** `recall` for many queries over the same memories. */
export class RecallOracle {
  private readonly entries: readonly Entry[];
  private readonly meanLength: number;
  private readonly df: ReadonlyMap<string, number>;
  private readonly speakers: ReadonlyMap<string, readonly string[]>;

  constructor(living: readonly LivingMemory[]) {
    this.entries = sessions(living).flatMap((session) => session.map((_, i) => entry(session, i)));
    this.meanLength = sum(this.entries.map(({ length }) => length)) / this.entries.length;
    const df = new Map<string, number>();
    for (const { context } of this.entries) {
      for (const term of context.keys()) df.set(term, (df.get(term) ?? 0) + 1);
    }
    this.df = df;
    this.speakers = new Map(
      this.entries
        .map(({ features }) => features.speaker)
        .filter((name) => name.length > 0)
        .map((name) => [name.join(' '), name]),
    );
  }

  search(text: string): Recalled[] {
    const query = queryOf(text);
    const speaker = this.speakerNamed(query);
    const ranked = this.candidates(query)
      .map((entry) => ({ entry, bm25: this.bm25(entry, query), factor: factors(entry, query, speaker) }))
      .sort((a, b) => b.bm25 * b.factor - a.bm25 * a.factor || a.entry.memory.order - b.entry.memory.order);
    const reranked = ranked.slice(0, 50);
    const pairs = reranked.map(({ entry }) => pairsOf(entry.features.terms));
    return ranked
      .map(({ entry, bm25, factor }, i) => {
        const isReranked = i < reranked.length;
        const bonus = isReranked ? 0.1 * this.pairScore(pairs, i, query) : 0;
        const raw = (bm25 + bonus) * factor * (isReranked ? (entry.memory.salience ?? 1) : 1);
        return { id: entry.memory.id, order: entry.memory.order, raw, score: raw / (raw + 2.2) };
      })
      .sort((a, b) => b.raw - a.raw || a.order - b.order);
  }

  /** Who is found at all: by words, or by a date when the query names one; only else by date or speaker. */
  private candidates(query: QueryFeatures): Entry[] {
    const isDated = query.months.size + query.years.size > 0;
    const found = this.entries.filter(
      ({ words, features }) =>
        query.terms.some((term) => words.has(term)) ||
        (isDated && query.terms.some((term) => dateTerms(features).includes(term))),
    );
    if (found.length > 0) return found;
    return this.entries.filter(({ context }) => query.terms.some((term) => context.has(term)));
  }

  private bm25({ context, length }: Entry, query: QueryFeatures): number {
    const norm = 1.2 * (1 - 0.4 + (0.4 * length) / this.meanLength);
    return sum(
      query.terms.map((term) => {
        const weight = context.get(term) ?? 0;
        return (idf(this.entries.length, this.df.get(term) ?? 0) * weight * 2.2) / (weight + norm);
      }),
    );
  }

  /** BM25 over pairs of adjacent terms, those of the reranked memories only; a pair counts once in a memory. */
  private pairScore(all: readonly string[][], i: number, query: QueryFeatures): number {
    const meanLength = sum(all.map((pairs) => pairs.length)) / all.length;
    return sum(
      query.pairs.map((pair) => {
        const wanted = pair.join(' ');
        if (!all[i].includes(wanted)) return 0;
        const df = all.filter((pairs) => pairs.includes(wanted)).length;
        const norm = 1.2 * (1 - 0.3 + (0.3 * all[i].length) / meanLength);
        return (idf(this.entries.length, df) * 2.2) / (1 + norm);
      }),
    );
  }

  /** The one speaker the query names, if it names exactly one. */
  private speakerNamed(query: QueryFeatures): string | undefined {
    const named = [...this.speakers].filter(([, name]) => name.some((term) => query.terms.includes(term)));
    return named.length === 1 ? named[0][0] : undefined;
  }
}

interface Turn {
  readonly memory: LivingMemory;
  readonly features: MemoryFeatures;
}

/** The memories of each session in order. Without a session, those of one owner until a long pause. */
function sessions(living: readonly LivingMemory[]): Turn[][] {
  const found: Turn[][] = [];
  const open = new Map<string, Turn[]>();
  for (const memory of [...living].sort((a, b) => a.order - b.order)) {
    const turn = { memory, features: featuresOf(memory) };
    const key = JSON.stringify([memory.userId, turn.features.session]);
    let session = open.get(key);
    const pause = Math.abs(turn.features.time - (session?.at(-1)?.features.time ?? -Infinity));
    if (session === undefined || (turn.features.session === null && pause > PAUSE)) {
      session = [];
      open.set(key, session);
      found.push(session);
    }
    session.push(turn);
  }
  return found;
}

function entry(session: readonly Turn[], i: number): Entry {
  const context: Bag = new Map();
  const credit = (terms: readonly string[], weight: number) => {
    for (const term of terms) context.set(term, (context.get(term) ?? 0) + weight);
  };
  const { features } = session[i];
  credit(features.terms, 1);
  BEFORE.forEach((weight, n) => {
    const past = session[i - n - 1]?.features;
    if (past) credit(past.terms, weight * (n === 0 && past.endsWithQuestion ? ANSWER : 1));
  });
  AFTER.forEach((weight, n) => {
    const next = session[i + n + 1]?.features;
    if (next) credit(next.terms, weight * (n === 0 && next.endsWithQuestion ? QUESTION_AHEAD : 1));
  });
  const words = new Set(context.keys());
  credit(features.speaker, 1);
  credit(dateTerms(features), 0.5);
  return { memory: session[i].memory, features, context, words, length: sum(context.values()) };
}

function dateTerms({ day }: MemoryFeatures): string[] {
  const date = dateOfDay(day);
  return [...new Set([MONTH_TERMS[date.month], String(date.year), String(date.day)])];
}

function pairsOf(terms: readonly string[]): string[] {
  return terms.slice(1).map((term, i) => `${terms[i]} ${term}`);
}

function factors({ features }: Entry, query: QueryFeatures, speaker: string | undefined): number {
  let factor = 1;
  if (speaker !== undefined && features.speaker.join(' ') === speaker) factor *= 1.2;
  factor *= 1 + dateBonus(features, query);
  if (query.asksWhen && features.hasTime) factor *= 1.4;
  if (features.onlyQuestions) factor *= 0.7;
  else if (features.endsWithQuestion && !features.hasCaption) factor *= 0.85;
  factor *= 1 + 0.2 * Math.min(1, features.terms.length / 12);
  if (features.mentions.some((mention) => names(query, mention))) factor *= 1.3;
  return factor;
}

function dateBonus({ day }: MemoryFeatures, query: QueryFeatures): number {
  const date = dateOfDay(day);
  if (query.months.size === 0) return query.years.has(date.year) ? 0.3 : 0;
  if (!query.months.has(date.month)) return query.months.has((date.month + 11) % 12) ? 0.3 : 0;
  return [...query.days].some((named) => Math.abs(named - date.day) <= 3) ? 2 : 1;
}

function names(query: QueryFeatures, { year, month, day }: MemoryFeatures['mentions'][number]): boolean {
  if (month === undefined || !query.months.has(month)) return false;
  if (query.years.size > 0 && !query.years.has(year)) return false;
  return query.days.size === 0 || (day !== undefined && query.days.has(day));
}
