import {
  LINE_FEED,
  QUOTE,
  COMMA,
  OPEN_BRACKET,
  BACKSLASH,
  CLOSE_BRACKET,
  OPEN_BRACE,
  CLOSE_BRACE,
  isSpace,
} from './json-bytes.js';
import { isUtf8 } from 'node:buffer';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError, unacceptable } from './api-error.js';
import { parseJsonText } from './json-body.js';
import { MAX_JSON_DEPTH } from './json-scan.js';

/** Bytes looked through before other requests get their turn: a few milliseconds' worth. */
const BYTES_A_TURN = 1024 * 1024;

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** Where a row stands in the body, in bytes; `end` is behind its last. */
interface Span {
  readonly start: number;
  readonly end: number;
}

export interface RowLimits {
  readonly rows: number;
  /** Of one row: what is larger is refused where it is parsed. */
  readonly bytes: number;
}

/**
 * The rows of a body that is a JSON array, or has a JSON value on each line. Only where they begin and end is
 * kept beside the body itself; each is parsed when it is asked for, by the rules for a body of its own. All of
 * it takes time in proportion to the body, and lets other requests have their turns.
 */
export class JsonRows {
  private constructor(
    private readonly body: Buffer,
    private readonly spans: readonly Span[],
    private readonly limits: RowLimits,
  ) {}

  /**
   * An array is valid JSON as a whole, or refused as a whole. The inside of a row that is too large or nested too
   * deep is not looked at (but for its brackets and strings): the row is refused whatever it holds.
   *
   * @throws ApiError 400 INVALID_JSON, 400 VALIDATION_FAILED for another JSON value, 413 TOO_MANY_ROWS
   */
  static async ofArray(body: Buffer, limits: RowLimits): Promise<JsonRows> {
    if (!isUtf8(body)) throw new ApiError(400, 'INVALID_JSON', 'The body is not UTF-8.');
    const spans: Span[] = [];
    const turn = new Turn();
    let at = skipSpace(body, startOf(body));
    if (body[at] !== OPEN_BRACKET) throw noArray();
    at = skipSpace(body, at + 1);
    if (body[at] === CLOSE_BRACKET) {
      at += 1;
    } else {
      for (let more = true; more; at += 1) {
        const start = at;
        const { end, depth } = elementAt(body, start);
        if (spans.length === limits.rows) throw tooMany(limits.rows);
        spans.push({ start, end });
        if (depth <= MAX_JSON_DEPTH && end - start <= limits.bytes) checkGrammar(body, start, end);
        if (turn.isUp(end - start)) await nextTurn();
        more = body[end] === COMMA;
        at = end;
      }
    }
    if (skipSpace(body, at) < body.length) throw broken();
    return new JsonRows(body, spans, limits);
  }

  /**
   * Lines stand by themselves: a broken one is refused where it is parsed. Blank ones are no rows.
   *
   * @throws ApiError 413 TOO_MANY_ROWS
   */
  static async ofLines(body: Buffer, limits: RowLimits): Promise<JsonRows> {
    const spans: Span[] = [];
    const turn = new Turn();
    for (let start = skipSpace(body, startOf(body)); start < body.length;) {
      const found = body.indexOf(LINE_FEED, start);
      const end = found < 0 ? body.length : found;
      if (spans.length === limits.rows) throw tooMany(limits.rows);
      spans.push({ start, end });
      if (turn.isUp(end - start)) await nextTurn();
      // To the next line that has something on it.
      start = skipSpace(body, end);
    }
    return new JsonRows(body, spans, limits);
  }

  get length(): number {
    return this.spans.length;
  }

  /** The size of a row, in bytes. */
  sizeOf(index: number): number {
    const { start, end } = this.spans[index];
    return end - start;
  }

  /** @throws ApiError 400 INVALID_JSON or VALIDATION_FAILED, 413 PAYLOAD_TOO_LARGE */
  parse(index: number): unknown {
    const { start, end } = this.spans[index];
    if (end - start > this.limits.bytes) {
      throw new ApiError(413, 'PAYLOAD_TOO_LARGE', 'The row is larger than this service accepts.');
    }
    if (!isUtf8(this.body.subarray(start, end))) {
      throw new ApiError(400, 'INVALID_JSON', 'The row is not UTF-8.');
    }
    return parseJsonText(this.body.toString('utf8', start, end), 'row');
  }
}

/** Knows when it is time to let others have their turn. */
class Turn {
  private bytes = 0;

  /** @param bytes looked through since the last time */
  isUp(bytes: number): boolean {
    this.bytes += bytes;
    if (this.bytes < BYTES_A_TURN) return false;
    this.bytes = 0;
    return true;
  }
}

function startOf(body: Buffer): number {
  const { length } = BYTE_ORDER_MARK;
  return body.subarray(0, length).equals(BYTE_ORDER_MARK) ? length : 0;
}

function skipSpace(body: Buffer, start: number): number {
  let at = start;
  while (at < body.length && isSpace(body[at])) at += 1;
  return at;
}

/**
 * The element of an array that begins at `start`: where the comma or bracket behind it stands, and how deep it
 * is nested.
 *
 * @throws ApiError 400 INVALID_JSON when the body ends before it does
 */
function elementAt(body: Buffer, start: number): { end: number; depth: number } {
  let depth = 0;
  let deepest = 0;
  for (let at = start; at < body.length; at += 1) {
    const byte = body[at];
    if (byte === QUOTE) {
      at = closingQuote(body, at);
    } else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      depth += 1;
      if (depth > deepest) deepest = depth;
    } else if (depth > 0) {
      if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth -= 1;
    } else if (byte === COMMA || byte === CLOSE_BRACKET) {
      return { end: at, depth: deepest };
    }
  }
  throw broken();
}

/** @returns the place of the quote that ends a string, behind the body when there is none */
function closingQuote(body: Buffer, start: number): number {
  let at = start + 1;
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}

function checkGrammar(body: Buffer, start: number, end: number): void {
  try {
    // A character a byte: beyond ASCII there is nothing but what strings hold, and that is known to be UTF-8.
    JSON.parse(body.toString('latin1', start, end));
  } catch {
    throw broken();
  }
}

function broken(): ApiError {
  return new ApiError(400, 'INVALID_JSON', 'The body is not valid JSON.');
}

function noArray(): ApiError {
  return unacceptable([
    {
      field: 'body',
      message: 'must be a JSON array, or with Content-Type: application/x-ndjson lines of JSON',
    },
  ]);
}

function tooMany(rows: number): ApiError {
  return new ApiError(413, 'TOO_MANY_ROWS', `A batch holds at most ${rows} rows: send the rest in another.`);
}
