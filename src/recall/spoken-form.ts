import { readDate } from './dates.js';
import { LABELS } from './labels.js';
import { queryTerms } from './terms.js';

/** A memory's text taken apart: what was said, by whom, when, and what the picture shows. */
export interface SpokenForm {
  /** What was said, without the other parts. */
  readonly text: string;
  /** Distinct terms of the name before the text; empty when there is none. */
  readonly speaker: readonly string[];
  /** What stands in `[image: …]`, all of them. */
  readonly captions: readonly string[];
  /** The day in brackets at the end, in days since 1970-01-01. */
  readonly day: number | undefined;
}

/** A name with its colon is looked for in so many characters, a date with its brackets in as many. */
const MAX_PREFIX = 60;
const MAX_SUFFIX = 84;
/** What is longer is no name; what an index keeps of a speaker stays small. */
const MAX_NAME_TERMS = 8;
const MAX_NAME_LENGTH = 100;

/** A word of a name: capitalised, or of a script without capitals; `O'Neil`, `Anne-Marie`, `J.`, `王小明`. */
const NAME_WORD = String.raw`[\p{Lu}\p{Lt}\p{Lo}][\p{L}\p{M}]*(?:['’.\-‐·・][\p{L}\p{M}]+)*\.?`;
/** What may stand in lower case inside a name. */
const PARTICLE = 'de|del|della|der|den|di|da|dos|du|la|le|van|von|ter|bin|ibn|al|el|y|e';
const NAME = new RegExp(`^${NAME_WORD}(?: (?:(?:${PARTICLE}) ){0,2}${NAME_WORD}){0,3}$`, 'u');

/** Who speaks in the logs of agents; taken for a name in lower case too. */
const ROLES: ReadonlySet<string> = new Set(['user', 'assistant', 'system', 'human', 'agent', 'bot']);

const CAPTION = /\[image:([^[\]]*)\]/gi;

/**
 * Takes a text's spoken form apart: `Name: what was said [image: what it shows] (8 May 2023)`. Every part but
 * the text itself may be missing; captions may stand anywhere.
 *
 * @param known the speaker's name as `nameTerms` gives it, when it is known from elsewhere: then a prefix is
 *   taken off only when it names the same person
 */
export function spokenForm(content: string, known: readonly string[] = []): SpokenForm {
  const captions: string[] = [];
  const shown = content.includes('[')
    ? content.replace(CAPTION, (_, caption: string) => {
        captions.push(caption);
        return ' ';
      })
    : content;
  const { text: undated, day } = withoutDate(shown.trim());
  const { text, speaker } = withoutSpeaker(undated, known);
  return { text, speaker, captions, day };
}

/**
 * The distinct terms of a name; none when it is too long to be one. Initials name nobody as long as there is
 * more.
 */
export function nameTerms(name: string): string[] {
  if (name.length > MAX_NAME_LENGTH) return [];
  const distinct = [...new Set(queryTerms(name))];
  const full = distinct.filter((term) => [...term].length > 1);
  const telling = full.length > 0 ? full : distinct;
  return telling.length > MAX_NAME_TERMS ? [] : telling;
}

const BRACKETS: ReadonlyMap<string, string> = new Map([
  [')', '('],
  [']', '['],
  ['）', '（'],
  ['】', '【'],
  ['］', '［'],
]);

function withoutDate(text: string): { text: string; day?: number } {
  const open = BRACKETS.get(text.charAt(text.length - 1));
  if (open === undefined) return { text };
  const at = text.lastIndexOf(open);
  // A text that is nothing but a date keeps it: it has no other words to be found by.
  if (at <= 0 || text.length - at > MAX_SUFFIX) return { text };
  const day = readDate(text.slice(at + 1, -1));
  return day === undefined ? { text } : { text: text.slice(0, at).trimEnd(), day };
}

function withoutSpeaker(text: string, known: readonly string[]) {
  const colon = text.slice(0, MAX_PREFIX).search(/[:：]/);
  const none = { text, speaker: known };
  if (colon <= 0) return none;
  const isWide = text[colon] === '：';
  // `12:30`, `https://` and `a:b` have no space after the colon; the wide one of East Asia needs none.
  if (!isWide && !/\s/.test(text.charAt(colon + 1))) return none;
  const name = text.slice(0, colon).trimEnd();
  const rest = text.slice(colon + 1).trimStart();
  if (rest === '') return none;
  const words = nameTerms(name);
  if (known.length > 0) return isPartOf(words, known) ? { text: rest, speaker: known } : none;
  const isName = words.length > 0 && (ROLES.has(name) || (NAME.test(name) && !isLabel(name)));
  return isName ? { text: rest, speaker: words } : none;
}

/** `Caroline` is `Caroline Smith` as long as nothing says otherwise; a prefix that says more is kept. */
function isPartOf(name: readonly string[], known: readonly string[]): boolean {
  return name.length > 0 && name.every((term) => known.includes(term));
}

/** One of a label's words is enough ("Meeting notes"), but for letters, which may be initials. */
function isLabel(name: string): boolean {
  const lower = name.toLowerCase();
  return LABELS.has(lower) || lower.split(/[\s.-]+/).some((word) => word.length > 1 && LABELS.has(word));
}
