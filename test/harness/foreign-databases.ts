import Database from 'better-sqlite3';

const OPENMEMORY_1_1 = `
  CREATE TABLE memories(id text primary key,content text not null,primary_sector text not null,tags text,meta text,
    created_at integer,updated_at integer,last_seen_at integer,salience real,decay_lambda real,
    version integer default 1,mean_dim integer,mean_vec blob);
  CREATE TABLE vectors(id text not null,sector text not null,v blob not null,dim integer not null,
    primary key(id,sector));
  CREATE TABLE waypoints(src_id text primary key,dst_id text not null,weight real not null,created_at integer,
    updated_at integer);
  INSERT INTO memories (id, content, primary_sector) VALUES ('m1', 'hello', 'semantic');`;

const OPENMEMORY_1_2_0 = `${OPENMEMORY_1_1}
  ALTER TABLE memories ADD COLUMN user_id text;
  CREATE TABLE users(user_id text primary key,summary text,reflection_count integer default 0,created_at integer,
    updated_at integer);`;

const OPENMEMORY_1_3 = `${OPENMEMORY_1_2_0}
  DROP TABLE waypoints;
  CREATE TABLE waypoints(src_id text,dst_id text not null,user_id text,weight real not null,created_at integer,
    updated_at integer,primary key(src_id,user_id));`;

/** Databases of other programs (their tables, as far as they tell them), with what we say each of them is. */
export const FOREIGN_DATABASES: Record<string, { sql: string; is: string }> = {
  openMemory11: { sql: OPENMEMORY_1_1, is: 'an OpenMemory database (1.0 or 1.1)' },
  openMemory120: { sql: OPENMEMORY_1_2_0, is: 'an OpenMemory database (1.2.0)' },
  openMemory130: { sql: OPENMEMORY_1_3, is: 'an OpenMemory database (1.2.1 to 1.3.0)' },
  openMemoryLater: {
    sql: `${OPENMEMORY_1_3}
      ALTER TABLE memories ADD COLUMN project_id text;
      CREATE TABLE schema_version(version text primary key, applied_at integer);
      INSERT INTO schema_version VALUES ('1.3.0', 1);`,
    is: 'an OpenMemory database (after 1.3.0)',
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
