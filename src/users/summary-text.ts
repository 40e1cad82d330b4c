import { dayOfStoredTime, isoDay } from '../recall/calendar.js';
import { terms } from '../recall/terms.js';

/** A memory as far as a summary looks at it. */
export interface SummarySample {
  /** ms since 1970 */
  readonly createdAt: number;
  readonly sector: string;
  /** The content, or its beginning. */
  readonly text: string;
}

/** What a summary is made of. */
export interface SummarySource {
  /** Living memories, all of them; at least one. */
  readonly count: number;
  /** ms since 1970, of the earliest and the latest memory */
  readonly firstAt: number;
  readonly lastAt: number;
  /** The memories that arrived last, the latest first. */
  readonly latest: readonly SummarySample[];
}

/** No summary is longer, in UTF-16 code units. */
export const MAX_SUMMARY_LENGTH = 1_000;
const MAX_TOPICS = 8;
const MAX_QUOTES = 5;
const MAX_QUOTE_LENGTH = 160;
/** Shorter ones ("Yes.", "OK!") say nothing by themselves. */
const MIN_QUOTE_LENGTH = 12;
/** Two sentences that share more than this of the shorter one's terms say the same. */
const MAX_OVERLAP = 0.6;

interface Sentence {
  readonly text: string;
  readonly sample: number;
  readonly terms: ReadonlySet<string>;
}

/**
 * A summary without a model: how many memories, of when, of which sectors, what they keep coming back to, and a
 * few of their sentences word for word. The same source gives the same text; the work is linear in it.
 *
 * Topics are the terms that most of the samples hold (document frequency). Sentences are chosen by how much of
 * what the samples share they hold, as extractive summarisers do (H. P. Luhn, "The Automatic Creation of
 * Literature Abstracts", IBM Journal 2(2), 1958), none of them like another; the latest memory's first one is
 * always among them.
 */
export function summaryText({ count, firstAt, lastAt, latest }: SummarySource): string {
  const lines = [`${count} ${count === 1 ? 'memory' : 'memories'} ${spanOf(firstAt, lastAt)}.`];
  const part = latest.length < count ? ` of the latest ${latest.length}` : '';
  lines.push(`Sectors${part}: ${countedSectors(latest)}.`);

  const sentences = latest.flatMap(({ text }, sample) => sentencesOf(text, sample));
  const frequency = documentFrequency(sentences);
  const topics = topicsOf(sentences, frequency, latest.length);
  if (topics.length > 0) lines.push(`Topics: ${topics.join(', ')}.`);
  let length = lines.join('\n').length;
  for (const { text, sample } of quotesOf(sentences, frequency)) {
    const line = `- ${dayOf(latest[sample].createdAt)}: ${quoted(text, MAX_QUOTE_LENGTH)}`;
    length += 1 + line.length;
    if (length > MAX_SUMMARY_LENGTH) break;
    lines.push(line);
  }
  return lines.join('\n');
}

/** `on 2024-05-01`, or `from 2024-05-01 to 2024-06-01`. */
export function spanOf(firstAt: number, lastAt: number): string {
  const [first, last] = [dayOf(firstAt), dayOf(lastAt)];
  return first === last ? `on ${first}` : `from ${first} to ${last}`;
}

/** The text on one line and no longer than `limit`, cut between two words where there are any. */
export function quoted(text: string, limit: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  if (line.length <= limit) return line;
  const cut = line.slice(0, limit - 1);
  const space = cut.lastIndexOf(' ');
  const kept = space > limit / 2 ? cut.slice(0, space) : cut;
  // Half a surrogate pair is no text.
  return `${kept.isWellFormed() ? kept : kept.slice(0, -1)}…`;
}

function dayOf(time: number): string {
  return isoDay(dayOfStoredTime(time));
}

function countedSectors(samples: readonly SummarySample[]): string {
  const counts = new Map<string, number>();
  for (const { sector } of samples) counts.set(sector, (counts.get(sector) ?? 0) + 1);
  const ordered = [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
  return ordered.map(([sector, n]) => `${sector} ${n}`).join(', ');
}

/** What ends a sentence: a full stop and its kin, or the end of a line. */
const SENTENCE = /[^.!?。！？\n\r\u2028\u2029]+[.!?。！？]*/g;

function sentencesOf(text: string, sample: number): Sentence[] {
  const parts = text.match(SENTENCE) ?? [];
  return parts.map((part) => ({ text: part, sample, terms: new Set(terms(part)) }));
}

/** In how many samples each term occurs. */
function documentFrequency(sentences: readonly Sentence[]): Map<string, number> {
  const last = new Map<string, number>();
  const frequency = new Map<string, number>();
  for (const { sample, terms: own } of sentences) {
    for (const term of own) {
      if (last.get(term) === sample) continue;
      last.set(term, sample);
      frequency.set(term, (frequency.get(term) ?? 0) + 1);
    }
  }
  return frequency;
}

function topicsOf(
  sentences: readonly Sentence[],
  frequency: ReadonlyMap<string, number>,
  samples: number,
): string[] {
  // In a handful of memories hardly anything comes twice.
  const least = samples < 5 ? 1 : 2;
  // A stable sort: of two as frequent, the one met later in time.
  const ranked = [...frequency].filter(([, n]) => n >= least).sort(([, n], [, m]) => m - n);
  const topics: string[] = [];
  for (const [term] of ranked) {
    if (topics.length === MAX_TOPICS) break;
    if (!SAYS_NOTHING.test(term)) topics.push(wordOf(term, sentences));
  }
  return topics;
}

/** Numbers, and single characters: a character of a word that is written without spaces is a term too. */
const SAYS_NOTHING = /^(?:\p{N}*|.)$/su;
const WORD = /[\p{L}\p{N}][\p{L}\p{N}\p{M}'’]*/gu;
const MAX_TOPIC_LENGTH = 40;

/** A word as it was written that stands for a term; a term itself where there is none (a pair of characters). */
function wordOf(term: string, sentences: readonly Sentence[]): string {
  const holder = sentences.find((sentence) => sentence.terms.has(term));
  for (const [word] of holder?.text.matchAll(WORD) ?? []) {
    const own = terms(word);
    if (own.length === 1 && own[0] === term) return quoted(word, MAX_TOPIC_LENGTH);
  }
  return quoted(term, MAX_TOPIC_LENGTH);
}

/** The earliest memory's first; what one memory says, in its own order. */
function quotesOf(sentences: readonly Sentence[], frequency: ReadonlyMap<string, number>): Sentence[] {
  const candidates = sentences.filter(({ text }) => text.trim().length >= MIN_QUOTE_LENGTH);
  if (candidates.length === 0) return sentences.slice(0, 1);
  const [latest] = candidates;
  const ranked = candidates
    .map((sentence) => ({ sentence, weight: weightOf(sentence, frequency) }))
    .sort((a, b) => b.weight - a.weight);
  const chosen = [latest];
  for (const { sentence, weight } of ranked) {
    if (chosen.length === MAX_QUOTES || weight === 0) break;
    if (chosen.every((other) => overlap(other.terms, sentence.terms) <= MAX_OVERLAP)) chosen.push(sentence);
  }
  const places = new Map(sentences.map((sentence, place) => [sentence, place]));
  return chosen.sort((a, b) => b.sample - a.sample || places.get(a)! - places.get(b)!);
}

/** How much of what the samples share is in it; long sentences do not win by length alone. */
function weightOf(sentence: Sentence, frequency: ReadonlyMap<string, number>): number {
  let shared = 0;
  for (const term of sentence.terms) shared += Math.log2(frequency.get(term) ?? 1);
  return sentence.terms.size === 0 ? 0 : (shared + 0.001) / Math.sqrt(sentence.terms.size);
}

/** The part of the smaller set that is in the other (overlap coefficient). */
function overlap(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  const [few, many] = a.size < b.size ? [a, b] : [b, a];
  if (few.size === 0) return 0;
  let shared = 0;
  for (const term of few) if (many.has(term)) shared += 1;
  return shared / few.size;
}
