import type Database from 'better-sqlite3';
import { OpenMemoryFile, floats } from './file.js';
import type { Release } from './tables.js';

/** When the peer's migration is said to have run. */
const AT = 1_795_167_100_000;

/** The statements of OpenMemory's own migration to 1.2.0, which it runs one by one, in no transaction. */
const TO_1_2_0 = (vectors: string) => [
  `ALTER TABLE memories ADD COLUMN user_id TEXT`,
  `CREATE INDEX IF NOT EXISTS idx_memories_user ON memories(user_id)`,
  `ALTER TABLE ${vectors} ADD COLUMN user_id TEXT`,
  `CREATE INDEX IF NOT EXISTS idx_vectors_user ON ${vectors}(user_id)`,
  `CREATE TABLE IF NOT EXISTS waypoints_new (
        src_id TEXT, dst_id TEXT NOT NULL, user_id TEXT,
        weight REAL NOT NULL, created_at INTEGER, updated_at INTEGER,
        PRIMARY KEY(src_id, user_id)
      )`,
  `INSERT INTO waypoints_new SELECT src_id, dst_id, NULL, weight, created_at, updated_at FROM waypoints`,
  `DROP TABLE waypoints`,
  `ALTER TABLE waypoints_new RENAME TO waypoints`,
  `CREATE INDEX IF NOT EXISTS idx_waypoints_src ON waypoints(src_id)`,
  `CREATE INDEX IF NOT EXISTS idx_waypoints_dst ON waypoints(dst_id)`,
  `CREATE INDEX IF NOT EXISTS idx_waypoints_user ON waypoints(user_id)`,
  `CREATE TABLE IF NOT EXISTS users (
        user_id TEXT PRIMARY KEY, summary TEXT,
        reflection_count INTEGER DEFAULT 0,
        created_at INTEGER, updated_at INTEGER
      )`,
  `CREATE TABLE IF NOT EXISTS stats (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        type TEXT NOT NULL, count INTEGER DEFAULT 1, ts INTEGER NOT NULL
      )`,
  `CREATE INDEX IF NOT EXISTS idx_stats_ts ON stats(ts)`,
  `CREATE INDEX IF NOT EXISTS idx_stats_type ON stats(type)`,
];

/** How many statements its migration to 1.2.0 has: it may be killed after any of them. */
export const STATEMENTS_TO_1_2_0 = TO_1_2_0('vectors').length;
/** After so many the edges are in both tables, and after one more in the new one alone. */
export const AFTER_COPY_OF_EDGES = 6;

/** Those of its migration to projects; the last fails where there are no facts. */
const TO_PROJECTS = (vectors: string) =>
  ['memories', vectors, 'waypoints', 'temporal_facts'].map(
    (table) => `ALTER TABLE ${table} ADD COLUMN project_id TEXT`,
  );

/** What OpenMemory's own migrations leave behind. Each is done to a file of the release that it names. */
export interface HalfDone {
  readonly name: string;
  readonly release: Release;
  readonly leave: (database: Database.Database) => void;
  /** The name of the vector table, where it is not the release's own. */
  readonly vectorTable?: string;
}

export const HALF_DONE: readonly HalfDone[] = [
  { name: '1.1 after the migration to 1.2.0', release: '1.1.1', leave: migrateTo120 },
  {
    name: '1.1 after 1.2.0, where 1.3.0 aborts',
    release: '1.1.1',
    leave: (database) => {
      migrateTo120(database);
      migrateToProjects(database);
    },
  },
  {
    name: '1.2.0 judged to be migrated, where 1.3.0 aborts',
    release: '1.2.0',
    leave: (database) => {
      recordVersion(database, '1.2.0');
      migrateToProjects(database);
    },
  },
  {
    name: '1.2.3 after 1.3.0, where the facts without an owner abort',
    release: '1.2.3',
    leave: (database) => {
      recordVersion(database, '1.2.0');
      migrateToProjects(database);
      recordVersion(database, '1.3.0');
    },
  },
  {
    name: '1.1 killed after the copy of the edges, with edges that came and changed since',
    release: '1.1.1',
    leave: (database) => {
      killAfter(database, AFTER_COPY_OF_EDGES);
      database.exec(`DELETE FROM waypoints_new WHERE rowid % 3 = 0`);
      database.exec(`UPDATE waypoints SET weight = weight / 2, updated_at = ${AT} WHERE rowid % 3 = 1`);
    },
  },
  { name: '1.1 with an empty waypoints_new', release: '1.1.1', leave: (database) => killAfter(database, 5) },
  { name: '1.1 without waypoints', release: '1.1.1', leave: (database) => killAfter(database, 7) },
  {
    name: '1.3.0 where HEAD was started: vectors and openmemory_vectors',
    release: '1.3.0',
    leave: storeSecondVectors,
  },
  {
    name: 'HEAD with a vector table of another name',
    release: 'HEAD',
    leave: () => {},
    vectorTable: 'my_vectors',
  },
];

/** Makes such a file. @param fill puts rows into the release's tables before that */
export function makeHalfDone(path: string, half: HalfDone, fill: (file: OpenMemoryFile) => void): void {
  OpenMemoryFile.make(
    path,
    half.release,
    (file) => {
      fill(file);
      half.leave(file.database);
    },
    { vectorTable: half.vectorTable },
  );
}

/** Leaves the migration to 1.2.0 of a 1.1 file after so many of its statements. */
export function killAfter(database: Database.Database, statements: number): void {
  for (const sql of TO_1_2_0('vectors').slice(0, statements)) database.exec(sql);
}

function migrateTo120(database: Database.Database): void {
  killAfter(database, STATEMENTS_TO_1_2_0);
  recordVersion(database, '1.2.0');
}

/** Goes as far as it can. */
function migrateToProjects(database: Database.Database): void {
  for (const sql of TO_PROJECTS('vectors')) {
    try {
      database.exec(sql);
    } catch (error) {
      if (!/no such table/.test((error as Error).message)) throw error;
      return;
    }
  }
}

function recordVersion(database: Database.Database, version: string): void {
  database.exec(`CREATE TABLE IF NOT EXISTS schema_version (
        version TEXT PRIMARY KEY, applied_at INTEGER
      )`);
  database.prepare('INSERT OR REPLACE INTO schema_version VALUES (?, ?)').run(version, AT);
}

/** HEAD looks for its own table, makes it, and writes into it from then on. */
function storeSecondVectors(database: Database.Database): void {
  database.exec(
    'CREATE TABLE openmemory_vectors(id text not null,sector text not null,user_id text,project_id text,v blob not null,dim integer not null,primary key(id,sector))',
  );
  database.exec(
    `INSERT INTO openmemory_vectors (id, sector, user_id, v, dim)
     SELECT id, sector, user_id, v, dim FROM vectors WHERE rowid % 2 = 0`,
  );
  const changed = database.prepare('UPDATE openmemory_vectors SET v = ?, dim = 3 WHERE rowid % 4 = 0');
  changed.run(floats([1, 2, 3]));
}
