import Database from 'better-sqlite3';

/** Databases of other programs (their tables, as far as they tell them), with what we say each of them is. */
export const FOREIGN_DATABASES: Record<string, { sql: string; is: string }> = {
  openMemoryAndMore: {
    sql: `CREATE TABLE memories(id text primary key,content text not null,primary_sector text not null,tags text,
      meta text,created_at integer,salience real,decay_lambda real,flavour text);
      CREATE TABLE diary(id integer primary key);
      INSERT INTO memories (id, content, primary_sector) VALUES ('m1', 'hello', 'semantic');`,
    is: 'an OpenMemory database (1.0 or 1.1)',
  },
  metamorph: {
    sql: `CREATE TABLE conversations(id TEXT PRIMARY KEY, stance TEXT NOT NULL, config TEXT NOT NULL);
      CREATE TABLE semantic_memory(id TEXT PRIMARY KEY, type TEXT NOT NULL, content TEXT NOT NULL, embedding BLOB,
        importance REAL NOT NULL, decay REAL NOT NULL);`,
    is: 'a Metamorph database (before vaults)',
  },
  memoryMcp: {
    sql: `CREATE TABLE memory_indexes(id text, project text, name text);
      CREATE TABLE memories(id text, index_id text, project text, content text, memory_type text);`,
    is: 'a Memory MCP database',
  },
  stranger: {
    sql: `CREATE TABLE migrations(id integer primary key, timestamp bigint, name varchar);
      CREATE TABLE invoices(id integer primary key);`,
    is: 'a database of another program (tables: invoices)',
  },
  otherOfTypeOrm: {
    sql: `CREATE TABLE migrations(id integer primary key, timestamp bigint, name varchar);
      INSERT INTO migrations VALUES (1, 1, 'Theirs1');`,
    is: 'a database of another program (tables: migrations)',
  },
};

export function makeForeignDatabase(path: string, sql: string, { wal = false } = {}): void {
  const database = new Database(path);
  if (wal) database.pragma('journal_mode = WAL');
  database.exec(sql);
  database.close();
}
