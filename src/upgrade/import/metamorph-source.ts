import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import type Database from 'better-sqlite3';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { openReadOnly } from '../sqlite-file.js';
import { quoteName } from '../sqlite-name.js';
import { isObject } from '../../memories/stored-json.js';
import { hashOf, sizeOf } from './source-file.js';
import { METAMORPH, ORDER, outcomeOf } from './metamorph.js';
import { MetamorphSessions } from './metamorph-sessions.js';
import { type MetamorphRow, readCells, valueCells } from './metamorph-row.js';
import type { Outcome } from './outcome.js';
import { isSecretName, withoutSecretMembers } from './secrets.js';
import type { ImportSource } from './source.js';

/** Tables by which a database is known, each by columns that no other system's has. */
const KNOWN_BY: Readonly<Record<string, readonly string[]>> = {
  conversations: ['id', 'stance', 'config'],
  semantic_memory: ['id', 'type', 'content', 'importance', 'decay'],
  sessions: ['id', 'conversation_id', 'current_frame'],
  session_states: ['id', 'stance', 'last_activity'],
};

/** What session files are called among the tables. */
export const SESSION_FILES = 'session_files';

export interface MetamorphOptions {
  /** The folder of the session files. */
  readonly sessions?: string;
  readonly withSecrets?: boolean;
}

/** A database of Metamorph, before or after its migrations, with the session files beside it. */
export class MetamorphSource implements ImportSource<MetamorphRow> {
  readonly system = METAMORPH;
  readonly unit = 'rows';
  readonly size: number;

  private constructor(
    private readonly path: string,
    private readonly database: Database.Database,
    private readonly tables: ReadonlyMap<string, readonly string[]>,
    private readonly files: readonly string[],
    private readonly sessions: MetamorphSessions,
    private readonly withSecrets: boolean,
    readonly fingerprint: string,
  ) {
    const count = (table: string) => `(SELECT count(*) FROM ${quoteName(table)})`;
    const sum = [...tables.keys()].map(count).join(' + ') || '0';
    this.size = (database.prepare(`SELECT ${sum}`).pluck().get() as number) + files.length;
  }

  /** @throws MigrationRefusedError when it is not there, or is no database of Metamorph */
  static async open(
    path: string,
    { sessions, withSecrets = false }: MetamorphOptions,
  ): Promise<MetamorphSource> {
    sizeOf(path);
    const files = sessions === undefined ? [] : filesIn(sessions);
    const database = openReadOnly(path);
    try {
      const tables = readTables(database, path);
      // What is read from now on is of one moment.
      database.exec('PRAGMA temp_store = FILE; BEGIN');
      const found = new MetamorphSessions(database, tables, files);
      const hash = createHash('sha256').update(await hashOf(path));
      const log = `${path}-wal`;
      if (existsSync(log) && statSync(log).size > 0) hash.update(await hashOf(log));
      for (const file of files) hash.update(`${basename(file)}\n${await hashOf(file)}\n`);
      return new MetamorphSource(path, database, tables, files, found, withSecrets, hash.digest('hex'));
    } catch (error) {
      database.close();
      const { code, message } = error as { code?: unknown; message: string };
      if (typeof code !== 'string' || !code.startsWith('SQLITE_')) throw error;
      throw new MigrationRefusedError(
        code === 'SQLITE_NOTADB' ? `${path} is no SQLite database.` : `${path} cannot be read: ${message}.`,
      );
    }
  }

  get name(): string {
    return basename(this.path);
  }

  async *rows(): AsyncGenerator<MetamorphRow> {
    await Promise.resolve();
    let ordinal = 0;
    const numbered = (row: Omit<MetamorphRow, 'ordinal' | 'at'>): MetamorphRow => {
      ordinal += 1;
      return { ...row, ordinal, at: ordinal };
    };
    const others = [...this.tables.keys()].filter((table) => !ORDER.includes(table)).sort();
    for (const table of [...ORDER, ...others]) {
      if (table === SESSION_FILES) for (const file of this.files) yield numbered(this.fileRow(file));
      else if (this.tables.has(table)) for (const row of this.tableRows(table)) yield numbered(row);
    }
  }

  outcomeOf(row: MetamorphRow): Outcome {
    return outcomeOf(row);
  }

  keptText({ keptText }: MetamorphRow): string {
    return keptText;
  }

  close(): void {
    this.database.close();
  }

  private *tableRows(table: string): Generator<Omit<MetamorphRow, 'ordinal' | 'at'>> {
    const columns = this.tables.get(table)!;
    const has = (column: string) => columns.includes(column);
    const hasRowid =
      this.database.prepare('SELECT wr FROM pragma_table_list WHERE name = ?').pluck().get(table) === 0;
    const order = [
      ...(table === 'messages' && has('conversation_id') && has('timestamp')
        ? ['conversation_id', 'timestamp']
        : []),
      ...(hasRowid ? ['rowid'] : columns.map(quoteName)),
    ];
    const select = this.database
      .prepare(`SELECT ${valueCells(columns)} FROM ${quoteName(table)} ORDER BY ${order.join(', ')}`)
      .raw(true)
      .safeIntegers(true);
    for (const row of select.iterate() as IterableIterator<unknown[]>) {
      const read = readCells(columns, row, this.withSecrets);
      const { values } = read;
      const key =
        typeof values.id === 'string' || typeof values.id === 'number' ? String(values.id) : undefined;
      const vault = has('vault_id')
        ? typeof values.vault_id === 'string'
          ? values.vault_id
          : ''
        : undefined;
      yield { table, key, vault, ...read, ...this.around(vault ?? '', table, key, values) };
    }
  }

  /** What other rows say of it. */
  private around(
    vault: string,
    table: string,
    key: string | undefined,
    values: MetamorphRow['values'],
  ): Partial<MetamorphRow> {
    const { sessions } = this;
    const { conversation_id: conversation, session_id: session } = values;
    const ofSession = typeof session === 'string' ? sessions.ofSession(vault, session) : undefined;
    let group = ofSession;
    if (table === 'conversations' && key !== undefined) group = sessions.ofConversation(vault, key);
    else if (typeof conversation === 'string') {
      const whole = sessions.ofConversation(vault, conversation);
      // What names its session is of whoever had that.
      const owner = (typeof session === 'string' && sessions.ownerOfSession(vault, session)) || whole.owner;
      group = { ...whole, owner, isShared: whole.isShared && owner === '' };
    }
    if (table === 'sessions' && key !== undefined) return { group, state: sessions.newestState(key) };
    if (table === 'session_states' && key !== undefined) {
      return { group: sessions.ofSession(vault, key), role: sessions.roleOf(vault, key, table, '') };
    }
    return { group };
  }

  private fileRow(file: string): Omit<MetamorphRow, 'ordinal' | 'at'> {
    const name = basename(file);
    const bytes = readFileSync(file);
    const text = bytes.toString('utf8').trim();
    const row = { table: SESSION_FILES, key: name, values: {} };
    try {
      const value: unknown = JSON.parse(text);
      if (!isObject(value) || typeof value.id !== 'string') throw new Error('It has no id');
      const clean = this.withSecrets ? value : withoutSecretMembers(value);
      const vault = this.tables.get('sessions')?.includes('vault_id') ? textOf(value.vaultId) : '';
      return {
        ...{ ...row, text, keptText: clean === value ? text : JSON.stringify(clean) },
        vault: typeof value.vaultId === 'string' ? value.vaultId : undefined,
        group: this.sessions.ofSession(vault, value.id),
        role: this.sessions.roleOf(vault, value.id, SESSION_FILES, name),
        values: {
          id: value.id,
          name: typeof value.name === 'string' ? value.name : null,
          created_at: typeof value.createdAt === 'string' ? value.createdAt : null,
          last_activity: typeof value.lastActivity === 'string' ? value.lastActivity : null,
          state: JSON.stringify(clean),
        },
      };
    } catch {
      const what = JSON.stringify({ base64: bytes.toString('base64') });
      // There is no telling what is in it.
      const kept = this.withSecrets || !isSecretName(text) ? what : '{"$dropped":"secret"}';
      return { ...row, text: what, keptText: kept, broken: 'it is not the JSON of a session' };
    }
  }
}

/** The tables by name, with their columns. */
function readTables(database: Database.Database, path: string): Map<string, readonly string[]> {
  const tables = new Map<string, readonly string[]>();
  const names = database
    .prepare(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY name",
    )
    .pluck()
    .all() as string[];
  for (const name of names) {
    const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(name) as string[];
    tables.set(name, columns);
  }
  const isKnown = Object.entries(KNOWN_BY).some(([table, columns]) =>
    columns.every((column) => tables.get(table)?.includes(column)),
  );
  if (!isKnown)
    throw new MigrationRefusedError(`${path} is no database of Metamorph: none of its tables is in it.`);
  return tables;
}

/** The JSON files of a folder, by name. @throws MigrationRefusedError when there is no such folder */
function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.json'))
      .map(({ name }) => join(folder, name))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  } catch (error) {
    throw new MigrationRefusedError(`--sessions: ${folder} cannot be read (${(error as Error).message}).`);
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
