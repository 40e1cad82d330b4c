import { isoDay } from '../recall/calendar.js';
import { featuresOf } from '../recall/memory-features.js';
import { nameTerms, spokenForm } from '../recall/spoken-form.js';
import type { Memory } from './memory.entity.js';
import { jsonObject } from './stored-json.js';
import { tokenCost } from './token-estimate.js';

/** A memory as it stands in the text. */
export interface ContextItem {
  readonly memory: Memory;
  /** The date it belongs to, in days since 1970-01-01 (UTC). */
  readonly day: number;
  /** Key of its session; null when nothing names one. */
  readonly session: string | null;
  /** Its line, or lines. */
  readonly text: string;
}

/**
 * How a memory is written down:
 *
 *     - Ana: I would rather sit by the window.
 *     - Ana: """
 *     A content of several lines, or with three quotation marks in it,
 *     stands between lines of quotation marks, of more than it has in a row itself.
 *     """
 *
 * The content is there exactly as it was stored, and where it begins and ends can always be told, so that no
 * content can be taken for a heading or another memory. The speaker is shown where metadata name one and the
 * content does not itself begin with the name.
 */
export function contextItemOf(memory: Memory): ContextItem {
  const { day, session } = featuresOf(memory);
  const { content } = memory;
  const speaker = speakerOf(memory);
  const start = speaker === undefined ? '- ' : `- ${speaker}: `;
  const quotes = quotesAround(content);
  const text = quotes === '' ? start + content : `${start}${quotes}\n${content}\n${quotes}`;
  return { memory, day, session, text };
}

/** What ends a line, in any reader's eyes. */
const LINE_END = /[\n\v\f\r\u0085\u2028\u2029]/;

/** Empty for a content that needs none. */
function quotesAround(content: string): string {
  if (!LINE_END.test(content) && !content.includes('"""')) return '';
  let longest = 2;
  for (const [run] of content.matchAll(/"{3,}/g)) longest = Math.max(longest, run.length);
  return '"'.repeat(longest + 1);
}

const MAX_NAME_CHARACTERS = 100;
/** No name: what no text begins with. */
const NOBODY = ['\0'];

function speakerOf({ content, metadata }: Memory): string | undefined {
  const { speaker } = jsonObject(metadata);
  if (typeof speaker !== 'string') return undefined;
  const name = speaker.trim();
  const isName = name !== '' && name.length <= MAX_NAME_CHARACTERS && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(name);
  if (!isName || content.trimStart().startsWith(`${name}:`)) return undefined;
  const known = nameTerms(name);
  // What recall would take off as the speaker's name, and a fuller name: "Ana Lopez: …", said by Ana.
  const isNamed = spokenForm(content, known).text !== spokenForm(content, NOBODY).text;
  const prefix = spokenForm(content).speaker;
  const isNamedInFull = known.length > 0 && known.every((term) => prefix.includes(term));
  return isNamed || isNamedInFull ? undefined : name;
}

/**
 * A text of memories that keeps to a budget. The memories of one owner, session and day stand together below the
 * date, in order of time, and so do these groups, with an empty line between them:
 *
 *     2026-05-03
 *     - Ana: Which side of the train has the view?
 *     - Tomas: The left one, as far as the lake.
 *
 *     2026-05-17
 *     - Ana: …
 */
export class ContextText {
  private readonly groups = new Map<string, ContextItem[]>();
  private readonly ids = new Set<string>();
  private spent = 0;

  /** @param budget in hundredths of a token, as `tokenCost` counts them */
  constructor(private readonly budget: number) {}

  /** What is left of the budget, in hundredths of a token. */
  get left(): number {
    return this.budget - this.spent;
  }

  has(id: string): boolean {
    return this.ids.has(id);
  }

  /** @returns whether there was room for it */
  add(memory: Memory): boolean {
    // What does not fit by its content alone is not looked at more closely.
    if (tokenCost(memory.content, this.left) > this.left) return false;
    const item = contextItemOf(memory);
    const key = JSON.stringify([memory.userId, item.session, item.day]);
    const group = this.groups.get(key);
    const before = group ? '' : (this.groups.size > 0 ? '\n\n' : '') + isoDay(item.day);
    const cost = tokenCost(before) + tokenCost('\n') + tokenCost(item.text, this.left);
    if (cost > this.left) return false;
    this.spent += cost;
    this.ids.add(memory.id);
    if (group) group.push(item);
    else this.groups.set(key, [item]);
    return true;
  }

  /** The memories in the order of the text, and the text. */
  compose(): { memories: Memory[]; text: string } {
    const groups = [...this.groups.values()].map((group) => group.sort(inGroup)).sort(betweenGroups);
    return {
      memories: groups.flat().map(({ memory }) => memory),
      text: groups
        .map((group) => [isoDay(group[0].day), ...group.map(({ text }) => text)].join('\n'))
        .join('\n\n'),
    };
  }
}

/** By time, then by arrival. */
function inGroup({ memory: a }: ContextItem, { memory: b }: ContextItem): number {
  return a.createdAt - b.createdAt || a.position - b.position;
}

/** By day, then by the first memory's time; then by what cannot be equal, so that the order never varies. */
function betweenGroups([a]: ContextItem[], [b]: ContextItem[]): number {
  return (
    a.day - b.day ||
    a.memory.createdAt - b.memory.createdAt ||
    (a.memory.userId < b.memory.userId ? -1 : Number(a.memory.userId > b.memory.userId)) ||
    a.memory.position - b.memory.position
  );
}
