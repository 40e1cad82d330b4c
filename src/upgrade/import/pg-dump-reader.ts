import { MigrationRefusedError } from '../migration-refused.error.js';
import { FileBytes } from './pg-dump-bytes.js';
import { copyValues, isEndOfCopy } from './pg-dump-copy.js';
import { NO_COLUMN, columnsOf } from './pg-dump-declaration.js';
import type { Token } from './pg-dump-lexer.js';
import { SqlStatements, isSign, shown, strange, wordOf } from './pg-dump-statements.js';
import { insertedValue } from './pg-dump-values.js';
import { PgDumpError } from './pg-dump.error.js';
import type { DeclaredTable } from './memory-mcp-tables.js';

/** What a table is found by. */
type TableName = Omit<DeclaredTable, 'columns'>;

export interface DumpRow {
  readonly table: TableName;
  readonly columns: readonly string[];
  /** As PostgreSQL writes values as text; null for NULL. */
  readonly values: readonly (string | null)[];
  readonly line: number;
}

/** What is passed over, since it makes no rows. */
const PASSED_OVER = new Set([
  ...['comment', 'grant', 'revoke', 'security', 'refresh', 'begin', 'start', 'commit', 'reset'],
  ...['analyze', 'vacuum'],
]);
/** What may stand between CREATE and the kind of what is made. */
const BEFORE_KIND = new Set([
  ...['or', 'replace', 'global', 'local', 'temp', 'temporary', 'unlogged', 'foreign', 'unique'],
]);
/** Changes of a table after which its rows would not be what was read. */
const CHANGES = new Set(['rename', 'drop', 'type', 'schema', 'data']);

/**
 * Reads what pg_dump writes in its plain format: declarations of tables, and rows as COPY or as INSERT. All else that it
 * may write is passed over; what it never writes is refused, with the line it stands in. Nothing of it is executed, and
 * no more is in memory than one row.
 */
export class PgDumpReader {
  /** All tables that were declared or that rows were read of, by `keyOf`. */
  readonly tables = new Map<string, DeclaredTable>();
  /** How many rows were passed over, by `keyOf` of their tables. */
  readonly others = new Map<string, number>();
  /** Names of indexes. */
  readonly indexes = new Set<string>();
  private readonly sql: SqlStatements;
  private database = '';
  private schema = 'public';
  private hasRows = false;

  private constructor(
    private readonly path: string,
    private readonly source: FileBytes,
    /** Says whether rows of this table are wanted; the others are counted. */
    private readonly isWanted: (table: TableName, columns: readonly string[]) => boolean,
  ) {
    this.sql = new SqlStatements(source);
  }

  /**
   * @param isWanted says of a table with these columns whether its rows are to be read
   * @param chunk bytes read at a time
   * @throws MigrationRefusedError when there is no such file
   */
  static async open(
    path: string,
    isWanted: (table: TableName, columns: readonly string[]) => boolean,
    chunk?: number,
  ): Promise<PgDumpReader> {
    return new PgDumpReader(path, await FileBytes.open(path, chunk), isWanted);
  }

  /** How many bytes are done. */
  get done(): number {
    return this.source.done;
  }

  /** @throws MigrationRefusedError saying where something stands that is not understood */
  async *rows(): AsyncGenerator<DumpRow> {
    try {
      await this.skipMark();
      for (;;) {
        const first = await this.sql.next();
        if (first.kind === 'end') break;
        yield* this.statement(first);
      }
      const { begun, completed } = this.sql;
      if (begun > completed)
        throw new PgDumpError(this.source.line, 'the dump breaks off: its last line is missing');
    } catch (error) {
      if (!(error instanceof PgDumpError)) throw error;
      throw new MigrationRefusedError(
        `${this.path}, line ${error.line}: ${error.message}. Nothing was imported. It has to be what pg_dump writes ` +
          'in its plain format (without -F).',
      );
    } finally {
      await this.source.close();
    }
  }

  /** A byte order mark. */
  private async skipMark(): Promise<void> {
    while (this.source.bytes.length < 3 && !this.source.isEnd) await this.source.more();
    if (this.source.bytes.subarray(0, 3).equals(Buffer.from('\ufeff'))) this.source.moveTo(3);
  }

  private async *statement(first: Token): AsyncGenerator<DumpRow> {
    if (first.kind === 'sign' && first.text === ';') return;
    if (first.kind === 'sign' && first.text === '\\') return this.metaCommand(first.line);
    if (first.kind !== 'word') throw new PgDumpError(first.line, 'a statement is expected here');
    switch (first.text) {
      case 'copy':
        return yield* this.copy(first.line);
      case 'insert':
        return yield* this.insert(first.line);
      case 'set':
        return this.set();
      case 'select':
        return this.select(first.line);
      case 'create':
        return this.create(first.line);
      case 'alter':
        return this.alter(first.line);
      case 'drop':
        if (this.hasRows) throw strange(first.line, 'DROP behind rows');
        return this.sql.skip();
      default:
        if (PASSED_OVER.has(first.text)) return this.sql.skip();
        throw strange(first.line, `a statement that begins with ${shown(first.text)}`);
    }
  }

  private async metaCommand(line: number): Promise<void> {
    const rest = ((await this.source.copyLine()) ?? Buffer.alloc(0)).toString('utf8').trim();
    const [command, ...words] = rest.split(/\s+/);
    if (command === 'restrict' || command === 'unrestrict') return;
    if (command !== 'connect' && command !== 'c') throw strange(line, `\\${shown(command)}`);
    this.database = words.filter((word) => !word.startsWith('-')).join(' ');
    this.schema = 'public';
  }

  /** Settings that change how the rest is to be read. */
  private async set(): Promise<void> {
    const tokens = await this.sql.rest();
    const words = tokens.map(wordOf);
    if (words[0] === 'session' || words[0] === 'local') words.shift();
    const [name, sign, ...values] = words;
    if (sign === '=' || sign === 'to') this.setting(name, values, tokens[0].line);
  }

  private setting(name: string, values: readonly string[], line: number): void {
    const [value] = values;
    if (name === 'client_encoding' && !/^utf-?8$|^unicode$/i.test(value)) {
      throw new PgDumpError(line, `its encoding is ${shown(value)}: dump it with pg_dump --encoding=UTF8`);
    }
    if (name === 'standard_conforming_strings') this.sql.conforming = !/^(off|false|no|0)$/i.test(value);
    if (name === 'search_path') this.schema = value || 'public';
  }

  /** pg_dump selects in two ways, neither of which gives rows. */
  private async select(line: number): Promise<void> {
    const tokens = await this.sql.rest();
    const words = tokens.slice(0, 6).map(wordOf);
    const [schema, dot, name, open, setting] = words;
    const isKnown = schema === 'pg_catalog' && dot === '.' && open === '(';
    if (!isKnown || (name !== 'set_config' && name !== 'setval')) throw strange(line, 'SELECT');
    if (name === 'set_config') this.setting(setting, [wordOf(tokens[6])], line);
  }

  private async create(line: number): Promise<void> {
    let token = await this.sql.next();
    while (token.kind === 'word' && BEFORE_KIND.has(token.text)) token = await this.sql.next();
    const kind = token.kind === 'word' ? token.text : '';
    if (kind === 'table') return this.createTable(line);
    if (kind === 'index') return this.createIndex();
    if (kind === 'function' || kind === 'procedure') return this.sql.skip(true);
    return this.sql.skipFrom(token);
  }

  private async createIndex(): Promise<void> {
    const tokens = await this.sql.rest();
    const name = tokens.find(
      (token) => token.kind === 'name' || (token.kind === 'word' && !NOISE.has(token.text)),
    );
    if (name) this.indexes.add(wordOf(name));
  }

  private async createTable(line: number): Promise<void> {
    let token = await this.sql.next();
    while (token.kind === 'word' && ['if', 'not', 'exists'].includes(token.text))
      token = await this.sql.next();
    const { table, next } = await this.tableName(token);
    if (next.kind === 'word' && next.text === 'as') throw strange(line, 'CREATE TABLE AS');
    if (!isSign(next, '(')) return this.sql.skipFrom(next);
    this.tables.set(keyOf(table), { ...table, columns: await columnsOf(this.sql) });
    await this.sql.skip();
  }

  private async alter(line: number): Promise<void> {
    const tokens = await this.sql.rest();
    const words = tokens.filter(({ kind }) => kind === 'word').map(wordOf);
    if (words[0] !== 'table' || !this.hasRows) return;
    const names = [...this.tables.values()].filter((table) =>
      this.isWanted(table, [...table.columns.keys()]),
    );
    const start = tokens.slice(0, 8).map(wordOf);
    if (!names.some(({ name }) => start.includes(name))) return;
    const constraint = tokens.findIndex((token) => token.kind === 'word' && token.text === 'constraint');
    const changing = tokens.slice(0, constraint < 0 ? 12 : constraint);
    const isChange = (token: Token, i: number) =>
      token.kind === 'word' &&
      (CHANGES.has(token.text) || (token.text === 'add' && !NO_COLUMN.has(wordOf(tokens[i + 1]))));
    const change = changing.find(isChange);
    if (change) throw strange(line, `ALTER TABLE … ${shown(wordOf(change))} behind rows`);
  }

  private async *copy(line: number): AsyncGenerator<DumpRow> {
    const { table, next } = await this.tableName(await this.sql.next());
    let token = next;
    let columns: readonly string[] | undefined;
    if (isSign(token, '(')) {
      columns = await this.sql.names();
      token = await this.sql.next();
    }
    const from = token.kind === 'word' && token.text === 'from' ? await this.sql.next() : undefined;
    if (from?.kind !== 'word' || from.text !== 'stdin') throw strange(line, 'COPY other than FROM stdin');
    if (!isSign(await this.sql.next(), ';')) throw strange(line, 'COPY with options');
    const behind = await this.source.copyLine();
    if (behind === undefined || behind.toString('latin1').trim() !== '')
      throw new PgDumpError(line, 'the rows of COPY are expected on the next line');
    columns = this.columnsFor(table, columns, line);
    const isWanted = this.wants(table, columns);
    for (;;) {
      const at = this.source.line;
      const text = await this.source.copyLine();
      if (text === undefined)
        throw new PgDumpError(at, 'the dump breaks off in the midst of the rows of a table');
      if (isEndOfCopy(text)) return;
      if (isWanted) yield { table, columns, values: copyValues(text, columns.length, at), line: at };
      else this.count(table);
    }
  }

  private async *insert(line: number): AsyncGenerator<DumpRow> {
    const into = await this.sql.next();
    if (into.kind !== 'word' || into.text !== 'into') throw strange(line, 'INSERT without INTO');
    const { table, next } = await this.tableName(await this.sql.next());
    let token = next;
    let columns: readonly string[] | undefined;
    if (isSign(token, '(')) {
      columns = await this.sql.names();
      token = await this.sql.next();
    }
    if (token.kind === 'word' && token.text === 'overriding') {
      await this.sql.next();
      await this.sql.next();
      token = await this.sql.next();
    }
    if (token.kind !== 'word' || token.text !== 'values') throw strange(line, 'INSERT without VALUES');
    columns = this.columnsFor(table, columns, line);
    const isWanted = this.wants(table, columns);
    for (;;) {
      const open = await this.sql.next();
      if (!isSign(open, '(')) throw new PgDumpError(open.line, 'the values of a row are expected here');
      if (isWanted)
        yield { table, columns, values: await this.values(columns.length, open.line), line: open.line };
      else {
        await this.sql.skipParentheses();
        this.count(table);
      }
      const behind = await this.sql.next();
      if (isSign(behind, ';')) return;
      if (isSign(behind, ',')) continue;
      if (behind.kind !== 'word' || behind.text !== 'on')
        throw new PgDumpError(behind.line, 'a row is not understood');
      const words = (await this.sql.rest()).map(wordOf).join(' ');
      if (words !== 'conflict do nothing') throw strange(line, 'INSERT … ON CONFLICT other than DO NOTHING');
      return;
    }
  }

  /** The values of a row behind its opening parenthesis. */
  private async values(columns: number, line: number): Promise<(string | null)[]> {
    const values: (string | null)[] = [];
    for (;;) {
      const { value, next } = await insertedValue(this.sql);
      values.push(value);
      if (isSign(next, ',')) continue;
      if (!isSign(next, ')'))
        throw new PgDumpError(next.line, `the value of column ${values.length} is not understood`);
      if (values.length === columns) return values;
      throw new PgDumpError(
        line,
        `${columns} values are expected here, one for each column, and ${values.length} stand here`,
      );
    }
  }

  private columnsFor(
    table: TableName,
    given: readonly string[] | undefined,
    line: number,
  ): readonly string[] {
    const key = keyOf(table);
    const declared = this.tables.get(key);
    const columns = given ?? (declared && [...declared.columns.keys()]);
    if (columns === undefined) throw new PgDumpError(line, 'rows of a table whose columns are nowhere named');
    if (new Set(columns).size < columns.length) throw new PgDumpError(line, 'a column is named twice');
    if (!declared)
      this.tables.set(key, { ...table, columns: new Map(columns.map((column) => [column, ''])) });
    return columns;
  }

  private wants(table: TableName, columns: readonly string[]): boolean {
    const isWanted = this.isWanted(table, columns);
    if (isWanted) this.hasRows = true;
    return isWanted;
  }

  private count(table: TableName): void {
    const key = keyOf(table);
    this.others.set(key, (this.others.get(key) ?? 0) + 1);
  }

  /** @returns the token behind it too */
  private async tableName(first: Token): Promise<{ table: TableName; next: Token }> {
    const { database } = this;
    let token = first;
    if (token.kind === 'word' && token.text === 'only') token = await this.sql.next();
    const one = this.sql.nameOf(token);
    const next = await this.sql.next();
    if (!isSign(next, '.')) return { table: { database, schema: this.schema, name: one }, next };
    const name = this.sql.nameOf(await this.sql.next());
    return { table: { database, schema: one, name }, next: await this.sql.next() };
  }
}

const NOISE = new Set(['concurrently', 'if', 'not', 'exists', 'only']);

export function keyOf({ database, schema, name }: TableName): string {
  return JSON.stringify([database, schema, name]);
}
