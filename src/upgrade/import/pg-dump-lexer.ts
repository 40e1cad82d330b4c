import { isUtf8 } from 'node:buffer';
import type { FileBytes } from './pg-dump-bytes.js';
import { PgDumpError } from './pg-dump.error.js';

/** How a string is written, which decides what stands for what in it. */
type StringForm = 'plain' | 'escaped' | 'dollar' | 'other';

export type Token =
  /** Lower-cased, as PostgreSQL has it. */
  | { readonly kind: 'word'; readonly text: string; readonly line: number }
  /** A quoted name. */
  | { readonly kind: 'name'; readonly text: string; readonly line: number }
  | { readonly kind: 'string'; readonly form: StringForm; readonly inside: Buffer; readonly line: number }
  | { readonly kind: 'number'; readonly text: string; readonly line: number }
  /** One character, or `::`. */
  | { readonly kind: 'sign'; readonly text: string; readonly line: number }
  | { readonly kind: 'end'; readonly line: number };

const QUOTE = 0x27;
const DOUBLE_QUOTE = 0x22;
const DOLLAR = 0x24;
const BACKSLASH = 0x5c;
const LINE_BREAK = 0x0a;

const isSpace = (byte: number) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39;
const isLetter = (byte: number) =>
  (byte >= 0x61 && byte <= 0x7a) || (byte >= 0x41 && byte <= 0x5a) || byte === 0x5f || byte >= 0x80;

/** What is not whole in the bytes at hand. */
const MORE = Symbol('more');

/** Reads SQL as PostgreSQL's own scanner does, word by word. Comments are passed over. */
export class SqlLexer {
  /** Whether a backslash in a plain string is one (standard_conforming_strings). */
  conforming = true;
  /** How many dumps have begun and come to their end, as pg_dump says in comments. */
  begun = 0;
  completed = 0;

  constructor(private readonly source: FileBytes) {}

  async next(): Promise<Token> {
    for (;;) {
      const token = this.scan();
      if (token !== MORE) return token;
      await this.source.more();
    }
  }

  private scan(): Token | typeof MORE {
    const { source } = this;
    if (!this.skipSpace()) return MORE;
    const { bytes, at, line } = source;
    if (at === bytes.length) return { kind: 'end', line };
    const first = bytes[at];
    // The longest that is looked ahead to tell one from another.
    if (bytes.length - at < 4 && !source.isEnd) return MORE;
    if (first === QUOTE) return this.string(at, this.conforming ? 'plain' : 'escaped');
    if (first === DOUBLE_QUOTE) return this.quotedName();
    if (first === DOLLAR) return this.dollarString() ?? this.sign(1);
    if (isLetter(first)) return this.word();
    if (isDigit(first) || (first === 0x2e && isDigit(bytes[at + 1]))) return this.number();
    return this.sign(first === 0x3a && bytes[at + 1] === 0x3a ? 2 : 1);
  }

  /** @returns false where what is at hand ends in the midst of it */
  private skipSpace(): boolean {
    const { source } = this;
    for (;;) {
      const { bytes } = source;
      let { at } = source;
      while (at < bytes.length && isSpace(bytes[at])) at += 1;
      source.moveTo(at);
      if (bytes.length - at < 2) return source.isEnd;
      const [first, second] = [bytes[at], bytes[at + 1]];
      if (first === 0x2d && second === 0x2d) {
        const end = bytes.indexOf(LINE_BREAK, at);
        if (end < 0 && !source.isEnd) return false;
        this.note(bytes.toString('latin1', at, end < 0 ? bytes.length : Math.min(end, at + 80)));
        source.moveTo(end < 0 ? bytes.length : end);
      } else if (first === 0x2f && second === 0x2a) {
        const end = endOfComment(bytes, at);
        if (end === undefined) {
          if (source.isEnd) throw new PgDumpError(source.line, 'a comment has no end');
          return false;
        }
        source.moveTo(end);
      } else return true;
    }
  }

  private note(comment: string): void {
    const text = comment.slice(2).trim();
    if (text === 'PostgreSQL database dump') this.begun += 1;
    else if (text === 'PostgreSQL database dump complete') this.completed += 1;
  }

  private word(): Token | typeof MORE {
    const { bytes, at, line, isEnd } = this.source;
    let end = at + 1;
    while (end < bytes.length && (isLetter(bytes[end]) || isDigit(bytes[end]) || bytes[end] === DOLLAR))
      end += 1;
    // A prefix of a string is told by what comes behind it.
    if (end + 2 > bytes.length && !isEnd) return MORE;
    if (end === at + 1 && bytes[end] === QUOTE) {
      const prefix = String.fromCharCode(bytes[at]).toLowerCase();
      if (prefix === 'e') return this.string(end, 'escaped');
      if (prefix === 'b' || prefix === 'x' || prefix === 'n') return this.string(end, 'other');
    }
    const text = bytes.toString('utf8', at, end);
    if (text.toLowerCase() === 'u' && bytes[end] === 0x26 && bytes[end + 1] === QUOTE)
      return this.string(end + 1, 'other');
    this.source.moveTo(end);
    // PostgreSQL folds the letters of ASCII alone.
    return { kind: 'word', text: text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()), line };
  }

  private number(): Token | typeof MORE {
    const { bytes, at, line, isEnd } = this.source;
    let end = at;
    const isOf = (byte: number, before: number) =>
      isDigit(byte) ||
      byte === 0x2e ||
      byte === 0x65 ||
      byte === 0x45 ||
      ((byte === 0x2b || byte === 0x2d) && (before === 0x65 || before === 0x45));
    while (end < bytes.length && isOf(bytes[end], bytes[end - 1])) end += 1;
    if (end === bytes.length && !isEnd) return MORE;
    this.source.moveTo(end);
    return { kind: 'number', text: bytes.toString('latin1', at, end), line };
  }

  private sign(length: number): Token {
    const { bytes, at, line } = this.source;
    this.source.moveTo(at + length);
    return { kind: 'sign', text: bytes.toString('latin1', at, at + length), line };
  }

  private quotedName(): Token | typeof MORE {
    const { bytes, at, line, isEnd } = this.source;
    for (let end = at + 1; ; end += 2) {
      end = bytes.indexOf(DOUBLE_QUOTE, end);
      if (end < 0 || (end + 1 === bytes.length && !isEnd)) {
        if (isEnd) throw new PgDumpError(line, 'a quoted name has no end');
        return MORE;
      }
      if (bytes[end + 1] === DOUBLE_QUOTE) continue;
      this.source.moveTo(end + 1);
      return { kind: 'name', text: bytes.toString('utf8', at + 1, end).replaceAll('""', '"'), line };
    }
  }

  /** @param start where the quote is */
  private string(start: number, form: StringForm): Token | typeof MORE {
    const { bytes, line, isEnd } = this.source;
    for (let from = start + 1; ;) {
      const end = bytes.indexOf(QUOTE, from);
      if (end < 0 || (end + 1 === bytes.length && !isEnd)) {
        if (isEnd) throw new PgDumpError(line, 'a string has no end');
        return MORE;
      }
      if (form === 'escaped') {
        let at = end;
        while (at > from && bytes[at - 1] === BACKSLASH) at -= 1;
        if ((end - at) % 2 === 1) {
          from = end + 1;
          continue;
        }
      }
      if (bytes[end + 1] === QUOTE) {
        from = end + 2;
        continue;
      }
      this.source.moveTo(end + 1);
      return { kind: 'string', form, inside: bytes.subarray(start + 1, end), line };
    }
  }

  /** @returns undefined where no such string begins */
  private dollarString(): Token | typeof MORE | undefined {
    const { bytes, at, line, isEnd } = this.source;
    let tag = at + 1;
    while (tag < bytes.length && (isLetter(bytes[tag]) || (tag > at + 1 && isDigit(bytes[tag])))) tag += 1;
    if (tag === bytes.length && !isEnd) return MORE;
    if (bytes[tag] !== DOLLAR) return undefined;
    const mark = bytes.subarray(at, tag + 1);
    const end = bytes.indexOf(mark, tag + 1);
    if (end < 0) {
      if (isEnd) throw new PgDumpError(line, 'a string in dollar signs has no end');
      return MORE;
    }
    this.source.moveTo(end + mark.length);
    return { kind: 'string', form: 'dollar', inside: bytes.subarray(tag + 1, end), line };
  }
}

/** Comments may hold comments. */
function endOfComment(bytes: Buffer, start: number): number | undefined {
  let depth = 0;
  for (let at = start; at + 1 < bytes.length;) {
    if (bytes[at] === 0x2f && bytes[at + 1] === 0x2a) depth += 1;
    else if (bytes[at] === 0x2a && bytes[at + 1] === 0x2f) depth -= 1;
    else {
      at += 1;
      continue;
    }
    at += 2;
    if (depth === 0) return at;
  }
  return undefined;
}

/** What a string says. @throws PgDumpError when it is written in a way that pg_dump does not use, or is no UTF-8 */
export function textOf({ form, inside, line }: Extract<Token, { kind: 'string' }>): string {
  if (form === 'other') throw new PgDumpError(line, 'a string has a prefix that is not understood');
  if (!isUtf8(inside)) throw new PgDumpError(line, 'a string is not UTF-8');
  const text = inside.toString('utf8');
  if (form === 'dollar') return text;
  const isEscaped = form === 'escaped' && text.includes('\\');
  return isEscaped ? unescaped(inside, line) : text.includes("'") ? text.replaceAll("''", "'") : text;
}

const LETTERS: Readonly<Record<string, number>> = { b: 8, f: 12, n: 10, r: 13, t: 9 };

/** PostgreSQL, "String Constants with C-Style Escapes". */
function unescaped(inside: Buffer, line: number): string {
  const source = inside.toString('latin1');
  const parts: Buffer[] = [];
  const pattern =
    /''|\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})|([^]))|[^'\\]+/g;
  let units = '';
  const flush = () => {
    if (!units.isWellFormed()) throw new PgDumpError(line, 'a string has half of a character in it');
    if (units !== '') parts.push(Buffer.from(units, 'utf8'));
    units = '';
  };
  for (const [whole, octal, hex, short, long, other] of source.matchAll(pattern)) {
    const point = short ?? long;
    if (point !== undefined) {
      const code = parseInt(point, 16);
      if (code === 0 || code > 0x10ffff) throw new PgDumpError(line, 'a string has a character that is none');
      // Two halves of a pair come one after the other.
      units += code > 0xffff ? String.fromCodePoint(code) : String.fromCharCode(code);
      continue;
    }
    flush();
    if (octal !== undefined || hex !== undefined)
      parts.push(Buffer.of(parseInt(octal ?? hex, octal === undefined ? 16 : 8) & 0xff));
    else if (other === undefined) parts.push(Buffer.from(whole === "''" ? "'" : whole, 'latin1'));
    else parts.push(other in LETTERS ? Buffer.of(LETTERS[other]) : Buffer.from(other, 'latin1'));
  }
  flush();
  const bytes = Buffer.concat(parts);
  if (!isUtf8(bytes) || bytes.includes(0)) throw new PgDumpError(line, 'a string is not UTF-8');
  return bytes.toString('utf8');
}
