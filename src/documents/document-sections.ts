/** The kinds of text that documents are made of. */
export const DOCUMENT_TYPES = ['text/plain', 'text/markdown'] as const;
export type DocumentType = (typeof DOCUMENT_TYPES)[number];

/** A part of a text. */
export interface Section {
  /** What stands there, to the letter. The contents of all sections, one after another, are the text. */
  readonly content: string;
  /** The heading that it stands under, or the first in it; null where there is none, or in plain text. */
  readonly heading: string | null;
}

/** What belongs together: a paragraph with the blank lines behind it, or code between fences. */
interface Block {
  readonly start: number;
  readonly end: number;
  readonly heading: string | null;
}

// CommonMark 0.31.2, §4.2 and §4.5: up to three spaces, then one to six signs and a space, or three or more of a kind.
const HEADING = /^ {0,3}#{1,6}(?=[ \t]|$)/;
const CLOSING_SIGNS = /(?:^|[ \t])#+$/;
const FENCE = /^ {0,3}(`{3,}|~{3,})([^\n]*)$/;

/**
 * Cuts a text into sections: between paragraphs, and of Markdown before headings; where a paragraph is too long,
 * between sentences, lines or words.
 *
 * @param size the most characters (UTF-16 code units) of a section; a heading begins a new one where the section
 *   before it has a quarter of that
 */
export function sectionsOf(text: string, type: DocumentType, size: number): Section[] {
  const sections: Section[] = [];
  let start = 0;
  let end = 0;
  let heading: string | null = null;
  let under: string | null = null;
  const close = () => {
    if (end > start) sections.push({ content: text.slice(start, end), heading });
    start = end;
  };
  for (const block of blocksOf(text, type === 'text/markdown')) {
    const before = end - start;
    if (block.end - start > size || (block.heading !== null && before >= size / 4)) close();
    if (start === end) heading = under;
    // One that begins above the first heading is called by that.
    if (start === end || heading === null) heading = block.heading ?? heading;
    under = block.heading ?? under;
    while (block.end - start > size) {
      end = cutBefore(text, start, size);
      close();
      heading = under;
    }
    end = block.end;
  }
  close();
  return sections;
}

function* blocksOf(text: string, isMarkdown: boolean): Generator<Block> {
  let start = 0;
  let heading: string | null = null;
  let fence: string | undefined;
  let isAfterBlank = false;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf('\n', at);
    const next = newline < 0 ? text.length : newline + 1;
    const line = text.slice(at, newline < 0 ? text.length : newline).replace(/\r$/, '');
    const isBlank = line.trim() === '';
    const title: string | undefined = isMarkdown && fence === undefined ? headingOf(line) : undefined;
    if (at > start && ((isAfterBlank && !isBlank && fence === undefined) || title !== undefined)) {
      yield { start, end: at, heading };
      [start, heading] = [at, null];
    }
    if (title !== undefined) heading = title;
    if (isMarkdown) fence = fenceAfter(line, fence);
    isAfterBlank = isBlank;
    at = next;
  }
  if (start < text.length) yield { start, end: text.length, heading };
}

/** What a line says as a heading; undefined where it is none. */
function headingOf(line: string): string | undefined {
  const [opening] = HEADING.exec(line) ?? [];
  if (opening === undefined) return undefined;
  return line.slice(opening.length).trim().replace(CLOSING_SIGNS, '').trim();
}

/** @returns the fence that is open after this line */
function fenceAfter(line: string, open: string | undefined): string | undefined {
  const [, fence, rest] = FENCE.exec(line) ?? [];
  if (fence === undefined) return open;
  if (open === undefined) return fence.startsWith('`') && rest.includes('`') ? undefined : fence;
  const closes = fence[0] === open[0] && fence.length >= open.length && rest.trim() === '';
  return closes ? undefined : open;
}

const SENTENCE_ENDS = /[.!?…。！？]["')\]’”]*\s+|[。！？]|\n/g;
const BLANKS = /\s+/g;

/** Where to cut a stretch of text that is longer than `size`: as far back as half of it for a good place. */
function cutBefore(text: string, start: number, size: number): number {
  const part = text.slice(start, start + size);
  for (const place of [SENTENCE_ENDS, BLANKS]) {
    const ends = [...part.matchAll(place)].map((found) => found.index + found[0].length);
    const last = ends.at(-1);
    if (last !== undefined && last >= size / 2) return start + last;
  }
  const end = start + size;
  return isPair(text, end) ? end - 1 : end;
}

/** Whether the two code units around `at` are one character. */
function isPair(text: string, at: number): boolean {
  return (text.codePointAt(at - 1) ?? 0) > 0xffff;
}

/** The first heading of a Markdown text that has the words of one; undefined where there is none. */
export function titleOf(sections: readonly Section[]): string | undefined {
  return sections.find(({ heading }) => heading !== null && heading !== '')?.heading ?? undefined;
}
