import { type DateMention, dayOfStoredTime } from './calendar.js';
import { dateOfValue } from './dates.js';
import { endsWithQuestion, onlyQuestions } from './questions.js';
import { nameTerms, spokenForm } from './spoken-form.js';
import { terms } from './terms.js';
import { readTimes } from './time-expressions.js';

export type { DateMention } from './calendar.js';

/** What the recall index keeps of a memory: a pure function of its row, so that a rebuilt index is equal. */
export interface MemoryFeatures {
  /**
   * Its own terms in order of appearance, repetitions included: those of the text without speaker, caption and
   * trailing date, then those of the captions.
   */
  readonly terms: readonly string[];
  /** Distinct terms of the speaker's name; empty: none known. */
  readonly speaker: readonly string[];
  /** The date it belongs to: whole days since 1970-01-01 (UTC). */
  readonly day: number;
  /** Relative dates in the text, resolved against `day`; at most 8, distinct. */
  readonly mentions: readonly DateMention[];
  /** Key of its session; null when nothing names one. */
  readonly session: string | null;
  /** When it was made, in ms: memories of one owner without a session and without a long pause form one. */
  readonly time: number;
  /** The text, without caption and date, ends in a question mark. */
  readonly endsWithQuestion: boolean;
  readonly hasCaption: boolean;
  /** Every sentence of more than two words ends in a question mark, and there is one. */
  readonly onlyQuestions: boolean;
  /** The text says when or how long. */
  readonly hasTime: boolean;
}

/** The part of a row of `memories` that its features come from. */
export interface IndexedMemory {
  readonly content: string;
  /** JSON text as stored; broken text and all but objects read as {}. */
  readonly metadata: string;
  readonly sessionId: string | null;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/**
 * The features of a memory. What is more specific wins. Speaker: metadata `speaker`, then the name before the
 * text. Session: the request's, then metadata `session_id`, `session`. Date: metadata `session_date`, `date`,
 * `timestamp`, then a date in brackets at the end of the text, then `created_at`, which every row has whether
 * somebody gave it or not.
 *
 * Time and space are linear in the length of the content and the metadata, whatever is in them.
 */
export function featuresOf({ content, metadata, sessionId, createdAt }: IndexedMemory): MemoryFeatures {
  const given = parsedMetadata(metadata);
  const known = typeof given.speaker === 'string' ? nameTerms(given.speaker) : [];
  const { text, speaker, captions, day: written } = spokenForm(content, known);
  const day =
    dateOfValue(given.session_date) ??
    dateOfValue(given.date) ??
    dateOfValue(given.timestamp) ??
    written ??
    dayOfStoredTime(createdAt);
  const pictured = typeof given.caption === 'string' ? [given.caption] : [];
  const shown = [...new Set([...captions, ...pictured].map((caption) => caption.trim()))].filter(Boolean);
  const { hasTime, mentions } = readTimes(text, day);
  return {
    terms: [text, ...shown].flatMap((part) => terms(part)),
    speaker,
    day,
    mentions,
    session: sessionOf(sessionId, given),
    time: createdAt,
    endsWithQuestion: endsWithQuestion(text),
    hasCaption: shown.length > 0,
    onlyQuestions: onlyQuestions(text),
    hasTime,
  };
}

/** The key of a memory's session alone; null when nothing names one. */
export function sessionOf(sessionId: string | null, given: Readonly<Record<string, unknown>>): string | null {
  return sessionKey(sessionId) ?? sessionKey(given.session_id) ?? sessionKey(given.session) ?? null;
}

type GivenMetadata = Readonly<Record<string, unknown>>;

const NOTHING: GivenMetadata = {};

function parsedMetadata(json: string): GivenMetadata {
  if (json === '{}' || json === '') return NOTHING;
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as GivenMetadata)
      : NOTHING;
  } catch {
    return NOTHING;
  }
}

/** 1 and "1" are the same session. */
function sessionKey(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}
