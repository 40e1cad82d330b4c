import { isUtf8 } from 'node:buffer';
import { basename } from 'node:path';
import { jsonParts } from '../../http/json-parts.js';
import { isObject } from '../../memories/stored-json.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { type Piece, documentOf, linesOf } from './json-pieces.js';
import { type JsonObject, JsonRecord } from './json-record.js';
import { type Outcome, quarantined } from './outcome.js';
import type { ImportSource, SourceRow } from './source.js';
import { beginningOf, hashOf, refuseCompressed, sizeOf } from './source-file.js';

/** How a system writes its exports and its answers. */
export interface JsonFormat {
  readonly system: string;
  /** The table of rows that stand in no list. */
  readonly table: string;
  /** Members that hold lists of rows, and the tables those are called by. */
  readonly lists: Readonly<Record<string, string>>;
  /** Lists that are read only together with what stands beside them. */
  readonly together?: ReadonlySet<string>;
  /** Whether an object with such a list is itself a row, of which table, beside those in the list. */
  parentTable?(value: JsonObject): string | undefined;
  /** What a row is known by. */
  keyOf(record: JsonRecord, table: string): string | undefined;
  outcomeOf(record: JsonRecord, row: JsonRow): Outcome;
}

export interface JsonRow extends SourceRow {
  /** Undefined for a row that is no JSON object. */
  readonly record: JsonRecord | undefined;
  /** What stands around the row's list: the session of its messages. */
  readonly around: JsonObject;
}

/** Rows at the beginning of which at least one has to be what it should. */
const LOOKED_AT = 100;
/** Bytes at the beginning by which lines are told from a document. */
const BEGINNING = 1024 * 1024;

/** A file with JSON: an array, an object with lists, or a value on each line. It is never in memory as a whole. */
export class JsonSource implements ImportSource<JsonRow> {
  readonly unit = 'bytes';
  private readonly streamed: ReadonlySet<string>;

  private constructor(
    private readonly path: string,
    private readonly format: JsonFormat,
    readonly size: number,
    private readonly layout: { readonly start: number; readonly isLines: boolean },
    readonly fingerprint: string,
    readonly name: string,
  ) {
    this.streamed = new Set(Object.keys(format.lists).filter((name) => !format.together?.has(name)));
  }

  /**
   * Opens a file and looks it through once.
   *
   * @throws MigrationRefusedError when it is not there, breaks off, or holds no row of the format
   */
  static async open(path: string, format: JsonFormat, name = basename(path)): Promise<JsonSource> {
    const size = sizeOf(path);
    const layout = layoutOf(path);
    const source = new JsonSource(path, format, size, layout, await hashOf(path), name);
    await source.check();
    return source;
  }

  get system(): string {
    return this.format.system;
  }

  async *rows(): AsyncGenerator<JsonRow> {
    let ordinal = 0;
    for await (const piece of this.pieces()) {
      for (const row of this.rowsOf(piece)) yield { ...row, ordinal: (ordinal += 1) };
    }
  }

  outcomeOf(row: JsonRow): Outcome {
    if (row.broken !== undefined) return quarantined(row.broken);
    if (!row.record) return quarantined('it is no JSON object');
    return this.format.outcomeOf(row.record, row);
  }

  keptText({ text }: JsonRow): string {
    return text;
  }

  close(): void {}

  private pieces(): AsyncIterable<Piece> {
    const { start, isLines } = this.layout;
    return isLines ? linesOf(this.path, start) : documentOf(this.path, start, this.streamed);
  }

  /** Looks at the structure of the whole file, and at what its first rows are. */
  private async check(): Promise<void> {
    let looked = 0;
    let fits = false;
    let reason = '';
    for await (const piece of this.pieces()) {
      if (fits || looked >= LOOKED_AT) {
        if (this.layout.isLines) break;
        continue;
      }
      for (const row of this.rowsOf(piece)) {
        looked += 1;
        const outcome = this.outcomeOf({ ...row, ordinal: looked });
        if (outcome.status === 'imported' || outcome.status === 'kept') fits = true;
        else reason ||= outcome.reason;
      }
    }
    if (fits || looked === 0) return;
    throw new MigrationRefusedError(
      `${this.path} does not look like an export of ${this.system}: of its first ${looked} rows none can be ` +
        `imported (the first: ${reason}). Nothing was imported. Is --from right?`,
    );
  }

  private *rowsOf({ bytes, list, beside, at }: Piece): Generator<Omit<JsonRow, 'ordinal'>> {
    const table = list === undefined ? this.format.table : this.format.lists[list];
    const broken = (reason: string, what: object) => ({
      ...{ table, key: undefined, record: undefined, around: {}, at },
      ...{ text: JSON.stringify(what), broken: reason },
    });
    if (!isUtf8(bytes)) {
      yield broken('it is not UTF-8', { base64: bytes.toString('base64') });
      return;
    }
    const text = bytes.toString('utf8').trim();
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      yield broken('it is not JSON', { text });
      return;
    }
    for (const row of this.flatten(text, value, table, {}, at)) {
      // Else it says how many pages there are, and the like.
      if (!beside || row.text !== text) yield row;
    }
  }

  /** The rows of a value: itself, or those in its lists. */
  private *flatten(
    text: string,
    value: unknown,
    table: string,
    around: JsonObject,
    at: number,
  ): Generator<Omit<JsonRow, 'ordinal'>> {
    if (Array.isArray(value)) {
      const texts = jsonParts(text);
      for (const [i, item] of value.entries()) yield* this.flatten(texts[i], item, table, around, at);
      return;
    }
    const lists = isObject(value) ? this.listsIn(value) : [];
    if (!isObject(value) || lists.length === 0) {
      yield this.row(text, value, table, around, at);
      return;
    }
    const page = new JsonRecord(text, value);
    const beside = page.without(new Set(lists));
    const inside = beside === undefined ? {} : (JSON.parse(beside) as JsonObject);
    const parent = this.format.parentTable?.(value);
    if (parent !== undefined && beside !== undefined) yield this.row(beside, inside, parent, around, at);
    for (const name of lists) {
      const items = value[name] as readonly unknown[];
      const texts = jsonParts(page.texts.get(name)!);
      for (const [i, item] of items.entries()) {
        yield* this.flatten(texts[i], item, this.format.lists[name], { ...around, ...inside }, at);
      }
    }
  }

  private row(
    text: string,
    value: unknown,
    table: string,
    around: JsonObject,
    at: number,
  ): Omit<JsonRow, 'ordinal'> {
    const record = isObject(value) ? new JsonRecord(text, value) : undefined;
    return { table, key: record && this.format.keyOf(record, table), text, record, around, at };
  }

  private listsIn(value: JsonObject): string[] {
    const names = Object.keys(this.format.lists).filter((name) => Array.isArray(value[name]));
    if (names.length === 0) return [];
    const isRecord = ['content', 'memory', 'text'].some((name) => typeof value[name] === 'string');
    return isRecord ? [] : names;
  }
}

/** Where the text begins, and whether it has a value on each line. */
function layoutOf(path: string): { start: number; isLines: boolean } {
  const bytes = beginningOf(path, BEGINNING);
  if (bytes.subarray(0, 15).toString('latin1') === 'SQLite format 3') {
    throw new MigrationRefusedError(
      `${path} is an SQLite database. One of OpenMemory is taken over by npm run migration:run, with DATABASE_URL ` +
        'naming it; one of Metamorph is imported by --from metamorph.',
    );
  }
  refuseCompressed(path, bytes);
  const start = bytes.subarray(0, 3).equals(Buffer.from('\ufeff')) ? 3 : 0;
  const text = bytes.toString('utf8', start);
  if (!/^\s*[[{]/.test(text)) return { start, isLines: true };
  const lines = text.split('\n');
  // The last may go on behind what was read.
  const whole = bytes.length < BEGINNING ? lines : lines.slice(0, -1);
  const written = whole.filter((line) => line.trim() !== '').slice(0, LOOKED_AT);
  if (written.length < 2) return { start, isLines: false };
  const values = written.filter(isValueOfItsOwn);
  return { start, isLines: isValueOfItsOwn(written[0]) || 2 * values.length >= written.length };
}

/** Whether a line is a JSON object or array with something in it: lines of a document that is set out seldom are. */
function isValueOfItsOwn(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
  } catch {
    return false;
  }
}
