import Database from 'better-sqlite3';

/** The tables that Metamorph's code makes, as they are before its migrations. */
const TABLES = `
  CREATE TABLE conversations (id TEXT PRIMARY KEY, stance TEXT NOT NULL, config TEXT NOT NULL, created_at TEXT NOT NULL,
    updated_at TEXT NOT NULL);
  CREATE TABLE messages (id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL, role TEXT NOT NULL, content TEXT NOT NULL,
    stance TEXT, tools_used TEXT, timestamp TEXT NOT NULL, session_id TEXT);
  CREATE TABLE identity (id TEXT PRIMARY KEY, self_model TEXT NOT NULL, persistent_values TEXT NOT NULL,
    emergent_goals TEXT NOT NULL, consciousness_insights TEXT NOT NULL, awareness_level INTEGER NOT NULL,
    autonomy_level INTEGER NOT NULL, identity_strength INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL);
  CREATE TABLE semantic_memory (id TEXT PRIMARY KEY, type TEXT NOT NULL, content TEXT NOT NULL, embedding BLOB,
    importance REAL NOT NULL, decay REAL NOT NULL, timestamp TEXT NOT NULL, metadata TEXT, user_id TEXT);
  CREATE TABLE evolution_snapshots (id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL, stance TEXT NOT NULL,
    trigger TEXT NOT NULL, drift_at_snapshot INTEGER NOT NULL, timestamp TEXT NOT NULL);
  CREATE TABLE sessions (id TEXT PRIMARY KEY, name TEXT, conversation_id TEXT, last_accessed TEXT NOT NULL,
    created_at TEXT NOT NULL, message_count INTEGER DEFAULT 0, current_frame TEXT, current_drift INTEGER DEFAULT 0,
    created_by TEXT, status TEXT);
  CREATE TABLE operator_performance (id TEXT PRIMARY KEY, operator_name TEXT NOT NULL, trigger_type TEXT NOT NULL,
    effectiveness_score REAL NOT NULL, timestamp TEXT NOT NULL);
  CREATE TABLE subagent_results (id TEXT PRIMARY KEY, subagent_name TEXT NOT NULL, task TEXT NOT NULL,
    response TEXT NOT NULL, key_findings TEXT, relevance REAL NOT NULL, conversation_id TEXT, timestamp TEXT NOT NULL,
    expiry TEXT);
  CREATE TABLE emotional_arcs (id TEXT PRIMARY KEY, conversation_id TEXT NOT NULL UNIQUE, emotions TEXT NOT NULL,
    insights TEXT NOT NULL, patterns TEXT NOT NULL, trend TEXT, updated_at TEXT NOT NULL);
  CREATE TABLE emotion_context (id TEXT PRIMARY KEY, session_id TEXT NOT NULL, current_emotion TEXT NOT NULL,
    valence REAL NOT NULL, arousal REAL NOT NULL, confidence REAL NOT NULL, prompt_context TEXT, timestamp TEXT NOT NULL);
  CREATE TABLE session_states (id TEXT PRIMARY KEY, name TEXT, created_at TEXT NOT NULL, last_activity TEXT NOT NULL,
    stance TEXT NOT NULL, config TEXT NOT NULL, message_count INTEGER DEFAULT 0, metadata TEXT);
  CREATE TABLE memory_associations (id TEXT PRIMARY KEY, source_memory_id TEXT, target_memory_id TEXT,
    association_type TEXT, strength REAL, metadata TEXT, created_at TEXT);
  CREATE TABLE identity_checkpoints (id TEXT PRIMARY KEY, identity_id TEXT, user_id TEXT, version INTEGER,
    checkpoint TEXT, reason TEXT, created_at TEXT);
  CREATE TABLE steering_messages (id TEXT PRIMARY KEY, session_id TEXT, content TEXT, created_by TEXT, timestamp INTEGER);
  CREATE TABLE vercel_connections (id TEXT PRIMARY KEY, vault_id TEXT NOT NULL, access_token TEXT NOT NULL,
    refresh_token TEXT, token_expires_at TEXT, scopes TEXT NOT NULL);
  CREATE TABLE sandboxes (id TEXT PRIMARY KEY, vault_id TEXT NOT NULL, name TEXT NOT NULL, environment TEXT,
    agent_config TEXT);
  CREATE TABLE plugin_notes (note TEXT PRIMARY KEY, "odd ""name""" ANY) WITHOUT ROWID;
  CREATE TABLE schema_migrations (id TEXT PRIMARY KEY, applied_at TEXT NOT NULL, checksum TEXT NOT NULL)`;

export type Values = Readonly<Record<string, string | number | bigint | Buffer | null>>;
/** Rows by table. */
export type Rows = Readonly<Record<string, readonly Values[]>>;

/**
 * A database of Metamorph.
 *
 * @param loose tables without types and keys, which are called `loose_` here alone, in the place of their namesakes
 * @param vaults adds the column, as its migration does, and says for each row what stands there
 */
export function makeMetamorph(
  path: string,
  rows: Rows,
  vaults?: (row: Values) => string,
  loose: Readonly<Record<string, readonly string[]>> = {},
): string {
  const database = new Database(path);
  database.pragma('foreign_keys = OFF');
  database.exec(TABLES);
  for (const [table, columns] of Object.entries(loose)) {
    database.exec(`DROP TABLE ${table.replace('loose_', '')}; CREATE TABLE ${table} (${columns.join(', ')})`);
  }
  for (const [table, list] of Object.entries(rows)) {
    const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
    if (vaults && !columns.includes('vault_id')) {
      database.exec(`ALTER TABLE "${table}" ADD COLUMN vault_id TEXT NOT NULL DEFAULT 'default-vault'`);
    }
    for (const row of list) {
      const values = vaults && !('vault_id' in row) ? { ...row, vault_id: vaults(row) } : row;
      const names = Object.keys(values).map((name) => `"${name.replaceAll('"', '""')}"`);
      database
        .prepare(`INSERT INTO "${table}" (${names.join(', ')}) VALUES (${names.map(() => '?').join(', ')})`)
        .run(...Object.values(values));
    }
  }
  for (const table of Object.keys(loose)) {
    database.exec(`ALTER TABLE ${table} RENAME TO ${table.replace('loose_', '')}`);
  }
  database.close();
  return path;
}

/** Every row of a database as SQLite writes it: by table, each as a list of its values in SQL. */
export function rowsOfFile(path: string): Map<string, string[][]> {
  const database = new Database(path, { readonly: true });
  const rows = new Map<string, string[][]>();
  const tables = database
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'")
    .pluck()
    .all() as string[];
  for (const table of tables) {
    const columns = database.prepare('SELECT name FROM pragma_table_info(?)').pluck().all(table) as string[];
    const cells = columns.map((name) => cellSql(`"${name.replaceAll('"', '""')}"`));
    rows.set(
      table,
      database
        .prepare(`SELECT ${cells.join(', ')} FROM "${table}"`)
        .raw(true)
        .all() as string[][],
    );
  }
  database.close();
  return rows;
}

/** Type and value as hexadecimal digits, so that nothing is lost on its way. */
function cellSql(name: string): string {
  return `typeof(${name}) || ':' || CASE typeof(${name}) WHEN 'real' THEN printf('%!.20g', ${name})
    ELSE hex(CAST(${name} AS blob)) END`;
}

/** The same of a row as the ledger has it. */
export function cellsOfLedger(text: string): string[] {
  const database = new Database(':memory:');
  const cells = database
    .prepare(
      `SELECT CASE type WHEN 'null' THEN 'null:' WHEN 'true' THEN 'integer:' WHEN 'integer' THEN 'integer:' || hex(CAST(atom AS blob))
         WHEN 'real' THEN 'real:' || printf('%!.20g', atom)
         WHEN 'text' THEN 'text:' || hex(CAST(atom AS blob))
         ELSE value END FROM json_each(?)`,
    )
    .pluck()
    .all(text) as string[];
  database.close();
  return cells.map((cell) => {
    if (cell.startsWith('{"$blob"')) {
      const { $blob } = JSON.parse(cell) as { $blob: string };
      return `blob:${Buffer.from($blob, 'base64').toString('hex').toUpperCase()}`;
    }
    if (cell === '{"$real":"Infinity"}') return 'real:Inf';
    if (cell.startsWith('{"$text"'))
      return `text:${(JSON.parse(cell) as { $text: string }).$text.toUpperCase()}`;
    return cell;
  });
}
