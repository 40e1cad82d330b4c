import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import type Database from 'better-sqlite3';
import { isObject } from '../../memories/stored-json.js';
import { type Group, type MetamorphRow, type SessionState, readCells, valueCells } from './metamorph-row.js';
import { withoutSecretMembers } from './secrets.js';

type Tables = ReadonlyMap<string, readonly string[]>;

/**
 * Whose conversations are, and what states sessions are in: both stand in other rows. In temporary tables, since there may
 * be more than fit into memory.
 */
export class MetamorphSessions {
  private readonly conversation: Database.Statement;
  private readonly session: Database.Statement;
  private readonly newest: Database.Statement;
  private readonly isSession: Database.Statement;

  /** @param files those of sessions */
  constructor(database: Database.Database, tables: Tables, files: readonly string[]) {
    const has = (table: string, ...columns: string[]) =>
      columns.every((column) => tables.get(table)?.includes(column) ?? false);
    const text = (column: string) => `CASE WHEN typeof(${column}) = 'text' THEN ${column} END`;
    const createdBy = has('sessions', 'created_by') ? text('s.created_by') : 'NULL';
    const vault = (table: string, name: string) =>
      has(table, 'vault_id') ? `coalesce(${text(`${name}.vault_id`)}, '')` : `''`;
    database.exec(`
      CREATE TEMP TABLE known_sessions (vault TEXT, id TEXT, conversation TEXT, owner TEXT, PRIMARY KEY (vault, id))
        WITHOUT ROWID;
      CREATE TEMP TABLE known_owners (vault TEXT, conversation TEXT, owner TEXT,
        PRIMARY KEY (vault, conversation, owner)) WITHOUT ROWID;
      CREATE TEMP TABLE known_conversations (vault TEXT, id TEXT, PRIMARY KEY (vault, id)) WITHOUT ROWID;
      CREATE TEMP TABLE known_states (id TEXT, source TEXT, file TEXT, at TEXT, text TEXT, PRIMARY KEY (id, source, file))
        WITHOUT ROWID;`);
    if (has('sessions', 'id', 'conversation_id')) {
      database.exec(`INSERT OR IGNORE INTO temp.known_sessions
        SELECT ${vault('sessions', 's')}, ${text('s.id')}, ${text('s.conversation_id')}, coalesce(${createdBy}, '')
        FROM main.sessions s WHERE typeof(s.id) = 'text'`);
      database.exec(`INSERT OR IGNORE INTO temp.known_owners
        SELECT vault, conversation, owner FROM temp.known_sessions WHERE conversation IS NOT NULL AND owner <> ''`);
    }
    if (has('messages', 'conversation_id', 'session_id')) {
      database.exec(`INSERT OR IGNORE INTO temp.known_owners
        SELECT DISTINCT k.vault, m.conversation_id, k.owner FROM main.messages m
        JOIN temp.known_sessions k ON k.id = m.session_id AND k.vault = ${vault('messages', 'm')}
        WHERE typeof(m.conversation_id) = 'text' AND k.owner <> ''`);
    }
    if (has('conversations', 'id')) {
      database.exec(`INSERT OR IGNORE INTO temp.known_conversations
        SELECT ${vault('conversations', 'c')}, id FROM main.conversations c WHERE typeof(id) = 'text'`);
    }
    if (has('session_states', 'id', 'last_activity'))
      this.readStates(database, tables.get('session_states')!);
    this.readFiles(database, files);
    this.conversation = database.prepare(`SELECT
      (SELECT count(*) FROM temp.known_owners WHERE vault = @vault AND conversation = @id) AS owners,
      (SELECT min(owner) FROM temp.known_owners WHERE vault = @vault AND conversation = @id) AS owner,
      EXISTS (SELECT 1 FROM temp.known_conversations WHERE vault = @vault AND id = @id) AS isThere`);
    this.session = database.prepare(
      'SELECT conversation, owner FROM temp.known_sessions WHERE vault = ? AND id = ?',
    );
    this.isSession = database.prepare('SELECT 1 FROM temp.known_sessions WHERE vault = ? AND id = ?').pluck();
    this.newest = database.prepare(`SELECT source, file, text FROM temp.known_states WHERE id = ?
      ORDER BY at DESC, source DESC, file DESC LIMIT 1`);
  }

  /** @param vault as the source has it; empty where it has none */
  ofConversation(vault: string, id: string): Group {
    const { owners, owner, isThere } = this.conversation.get({ vault, id }) as {
      owners: number;
      owner: string | null;
      isThere: number;
    };
    return {
      conversation: id,
      isThere: isThere === 1,
      owner: owners === 1 ? owner! : '',
      isShared: owners > 1,
    };
  }

  /** A session's conversation, or where it has none a group of the session alone. */
  ofSession(vault: string, id: string): Group {
    const known = this.session.get(vault, id) as { conversation: string | null; owner: string } | undefined;
    if (known?.conversation) return { ...this.ofConversation(vault, known.conversation), isThere: true };
    return { isThere: known !== undefined, owner: known?.owner ?? '', isShared: false };
  }

  /** Empty: nobody's. */
  ownerOfSession(vault: string, id: string): string {
    return (this.session.get(vault, id) as { owner: string } | undefined)?.owner ?? '';
  }

  newestState(id: string): SessionState | undefined {
    return this.newest.get(id) as SessionState | undefined;
  }

  /** What becomes of a state: a session by itself, a part of its session, or nothing but what is kept. */
  roleOf(vault: string, id: string, source: string, file: string): NonNullable<MetamorphRow['role']> {
    const newest = this.newest.get(id) as { source: string; file: string } | undefined;
    if (newest?.source !== source || newest.file !== file) return 'older';
    return this.isSession.get(vault, id) === undefined ? 'header' : 'part';
  }

  private readStates(database: Database.Database, columns: readonly string[]): void {
    database.function(
      'state_text',
      { varargs: true, safeIntegers: true, deterministic: true },
      (...cells: unknown[]) => readCells(columns, cells, false).keptText,
    );
    database.exec(`INSERT OR IGNORE INTO temp.known_states
      SELECT id, 'session_states', '', CASE WHEN typeof(last_activity) = 'text' THEN last_activity ELSE '' END,
        state_text(${valueCells(columns)})
      FROM main.session_states WHERE typeof(id) = 'text'`);
  }

  private readFiles(database: Database.Database, files: readonly string[]): void {
    const insert = database.prepare('INSERT OR IGNORE INTO temp.known_states VALUES (?, ?, ?, ?, ?)');
    for (const file of files) {
      let value: unknown;
      try {
        value = JSON.parse(readFileSync(file, 'utf8'));
      } catch {
        continue;
      }
      if (!isObject(value) || typeof value.id !== 'string') continue;
      const at = typeof value.lastActivity === 'string' ? value.lastActivity : '';
      insert.run(value.id, 'session_files', basename(file), at, JSON.stringify(withoutSecretMembers(value)));
    }
  }
}
