import {
  LINE_FEED,
  QUOTE,
  COMMA,
  COLON,
  OPEN_BRACKET,
  BACKSLASH,
  CLOSE_BRACKET,
  OPEN_BRACE,
  CLOSE_BRACE,
  isSpace,
} from '../../http/json-bytes.js';
import { createReadStream } from 'node:fs';
import { MigrationRefusedError } from '../migration-refused.error.js';

/** A JSON value of a file, as bytes; nobody has looked whether it is valid. */
export interface Piece {
  readonly bytes: Buffer;
  /** The member of the file's one object in whose list it stands. */
  readonly list?: string;
  /** It is what stands beside the lists of that object. */
  readonly beside?: boolean;
  /** How many bytes of the file have been read with it. */
  readonly at: number;
}

/** A single value may not be larger: it is held in memory. */
export const MAX_PIECE_BYTES = 64 * 1024 * 1024;

/** Reads a file that has a value on each line. Blank lines are none. @throws MigrationRefusedError */
export async function* linesOf(
  path: string,
  start: number,
  chunks: AsyncIterable<Buffer> = createReadStream(path, { start }),
): AsyncGenerator<Piece> {
  let left: Buffer[] = [];
  let held = 0;
  let at = start;
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      const line = held > 0 ? Buffer.concat([...left, chunk.subarray(from, end)]) : chunk.subarray(from, end);
      at += end - from + 1;
      from = end + 1;
      left = [];
      held = 0;
      if (!isBlank(line)) yield { bytes: line, at };
    }
    if (from === chunk.length) continue;
    left.push(chunk.subarray(from));
    held += chunk.length - from;
    at += chunk.length - from;
    if (held > MAX_PIECE_BYTES) throw tooLarge(path, at - held);
  }
  const line = Buffer.concat(left);
  if (!isBlank(line)) yield { bytes: line, at };
}

/**
 * Reads a file that is one JSON document, or several in a row: the elements of an array, and of an object the elements
 * of its lists, one by one; what else an object has comes last, as an object of its own.
 *
 * @param lists the members of an object whose elements are to be had one by one
 * @throws MigrationRefusedError where the document breaks off or is none
 */
export async function* documentOf(
  path: string,
  start: number,
  lists: ReadonlySet<string>,
  chunks: AsyncIterable<Buffer> = createReadStream(path, { start }),
): AsyncGenerator<Piece> {
  const reader = new DocumentReader(path, start, lists);
  for await (const chunk of chunks) yield* reader.read(chunk);
  reader.end();
}

/** Members of an object that is a record by itself, whatever lists it has. */
const OF_RECORDS = new Set(['id', 'content', 'memory', 'text']);

class DocumentReader {
  /** Brackets that are open, by the bytes that close them. */
  private readonly open: number[] = [];
  private inString = false;
  private escaped = false;
  /** Bytes of the value at hand that came in earlier chunks. */
  private held: Buffer[] = [];
  private heldBytes = 0;
  /** Whether a value is at hand, which began `from` or earlier. */
  private taking = false;
  /** How deep the brackets were open when the value at hand began. */
  private floor = 0;
  /** The member of the document's object whose value is being read. */
  private member: string | undefined;
  /** As it is written, in its quotes. */
  private memberName: Buffer = Buffer.alloc(0);
  private expectsName = false;
  private list: string | undefined;
  /** The members of the document's object that are no lists of rows. */
  private rest: Buffer[] = [];
  private isRecord = false;
  private hasLists = false;
  private position: number;

  constructor(
    private readonly path: string,
    start: number,
    private readonly lists: ReadonlySet<string>,
  ) {
    this.position = start;
  }

  *read(chunk: Buffer): Generator<Piece> {
    let from = 0;
    for (let i = 0; i < chunk.length; i += 1) {
      const byte = chunk[i];
      if (this.inString) {
        if (this.escaped) this.escaped = false;
        else if (byte === BACKSLASH) this.escaped = true;
        else if (byte === QUOTE) {
          this.inString = false;
          if (this.expectsName) this.nameMember(this.take(chunk.subarray(from, i + 1)), i);
        }
        continue;
      }
      if (isSpace(byte)) continue;
      const inside = this.open.at(-1);
      const ends = this.taking && this.open.length === this.floor && (byte === COMMA || byte === inside);
      if (ends) {
        const bytes = this.take(chunk.subarray(from, i));
        yield* this.give(bytes, this.position + i);
      }
      if (byte === COMMA) {
        if (!this.taking && this.open.length === 1 && inside === CLOSE_BRACE) this.expectsName = true;
        continue;
      }
      if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
        if (this.open.pop() !== byte) throw this.broken(i);
        if (this.taking) continue;
        if (this.open.length === 1) this.list = undefined;
        if (this.open.length === 0 && byte === CLOSE_BRACE) yield* this.giveRest(this.position + i + 1);
        continue;
      }
      if (byte === COLON && !this.taking) continue;
      if (!this.taking && this.opensList(byte)) {
        this.open.push(byte === OPEN_BRACE ? CLOSE_BRACE : CLOSE_BRACKET);
        if (this.open.length === 1) this.expectsName = byte === OPEN_BRACE;
        else {
          this.list = this.member;
          this.hasLists = true;
          this.member = undefined;
        }
        continue;
      }
      if (!this.taking) {
        if (this.open.length === 0) throw this.broken(i);
        this.taking = true;
        this.floor = this.open.length;
        from = i;
      }
      if (this.expectsName && byte !== QUOTE) throw this.broken(i);
      if (byte === QUOTE) this.inString = true;
      else if (byte === OPEN_BRACE) this.open.push(CLOSE_BRACE);
      else if (byte === OPEN_BRACKET) this.open.push(CLOSE_BRACKET);
    }
    if (this.taking) {
      this.held.push(chunk.subarray(from));
      this.heldBytes += chunk.length - from;
      if (this.heldBytes > MAX_PIECE_BYTES)
        throw tooLarge(this.path, this.position + chunk.length - this.heldBytes);
    }
    this.position += chunk.length;
  }

  /** @throws MigrationRefusedError where more should come */
  end(): void {
    if (this.open.length > 0 || this.taking) {
      throw new MigrationRefusedError(
        `${this.path} breaks off: at its end, byte ${this.position}, a JSON value is still open. Nothing was imported.`,
      );
    }
  }

  /** Whether a bracket opens the document itself, or a list of rows in it. */
  private opensList(byte: number): boolean {
    if (byte !== OPEN_BRACE && byte !== OPEN_BRACKET) return false;
    if (this.open.length === 0) return true;
    return (
      byte === OPEN_BRACKET &&
      this.open.length === 1 &&
      this.open[0] === CLOSE_BRACE &&
      this.member !== undefined &&
      this.lists.has(this.member) &&
      !this.isRecord
    );
  }

  private nameMember(bytes: Buffer, i: number): void {
    this.expectsName = false;
    this.memberName = bytes;
    try {
      this.member = JSON.parse(bytes.toString('utf8')) as string;
    } catch {
      throw this.broken(i);
    }
    if (OF_RECORDS.has(this.member)) this.isRecord = true;
  }

  private take(last: Buffer): Buffer {
    const bytes = this.held.length > 0 ? Buffer.concat([...this.held, last]) : last;
    this.held = [];
    this.heldBytes = 0;
    this.taking = false;
    return bytes;
  }

  private *give(bytes: Buffer, at: number): Generator<Piece> {
    if (this.open[0] === CLOSE_BRACKET || this.open.length > 1) {
      yield { bytes, list: this.list, at };
      return;
    }
    this.rest.push(Buffer.concat([this.memberName, Buffer.from(':'), bytes]));
    this.member = undefined;
  }

  private *giveRest(at: number): Generator<Piece> {
    const { rest, hasLists } = this;
    this.rest = [];
    this.isRecord = false;
    this.hasLists = false;
    if (rest.length === 0 && hasLists) return;
    const members = rest.flatMap((part, i) => (i === 0 ? [part] : [Buffer.from(','), part]));
    yield { bytes: Buffer.concat([Buffer.from('{'), ...members, Buffer.from('}')]), beside: hasLists, at };
  }

  private broken(i: number): MigrationRefusedError {
    return new MigrationRefusedError(
      `${this.path} is not JSON: byte ${this.position + i + 1} does not belong there. Nothing was imported.`,
    );
  }
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every(isSpace);
}

function tooLarge(path: string, at: number): MigrationRefusedError {
  return new MigrationRefusedError(
    `${path} has a value of more than ${MAX_PIECE_BYTES / 2 ** 20} MiB, at byte ${at + 1}: cut it into several.`,
  );
}
