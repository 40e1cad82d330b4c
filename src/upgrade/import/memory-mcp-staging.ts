import type Database from 'better-sqlite3';
import { DERIVED_FROM, SUPERSEDED_BY } from '../../waypoints/waypoint-types.js';
import { openTemporary } from '../sqlite-file.js';
import { addHashes } from './import-counts.js';
import { shaOf } from './ledger-row.js';
import { type McpTable, TABLES } from './memory-mcp-tables.js';
import { pgArrayOf, pgTimeOf } from './pg-values.js';

/** A row as it was read. */
export interface StagedRow {
  readonly table: McpTable;
  readonly key: string | null;
  readonly project: string | null;
  /** JSON object of its columns: each value as PostgreSQL writes it as text, or null. */
  readonly text: string;
  /** ms since 1970; of a row without a time that can be read beyond all. */
  readonly at: number;
}

/** A memory that another one names, by the name of that. */
export interface StagedRef {
  readonly other: string;
  readonly type: string;
  /** It leads from the other one here. */
  readonly isReversed: boolean;
}

const NO_TIME = Number.MAX_SAFE_INTEGER;
/** Hashes that are summed up at a time. */
const HASHES = 500;

interface Plan {
  readonly names: readonly string[];
  at(column: string): number;
}

/**
 * The rows of Memory MCP on their way: a dump has them in an order in which memories come before the indexes they are in.
 * They are in a database on disk that has no name and goes with the process, however that ends.
 */
export class MemoryMcpStaging {
  private readonly database: Database.Database;
  private readonly insert: Database.Statement;
  private readonly insertRef: Database.Statement;
  private readonly plans = new Map<string, Plan>();
  private hashes: string[] = [];
  private sum = '';
  private count = 0;
  private find!: Record<'index' | 'project' | 'refs' | 'edge' | 'missing', Database.Statement>;

  /** @throws MigrationRefusedError where SQLite cannot be used */
  constructor() {
    this.database = openTemporary();
    this.database.exec(`
      CREATE TABLE staged (n INTEGER PRIMARY KEY, kind INTEGER, at INTEGER, key TEXT, project TEXT, text TEXT,
        a TEXT, b TEXT, c TEXT);
      CREATE TABLE refs (src TEXT, dst TEXT, type TEXT);
      BEGIN`);
    this.insert = this.database.prepare(
      'INSERT INTO staged (kind, at, key, project, text, a, b, c) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    );
    this.insertRef = this.database.prepare('INSERT INTO refs VALUES (?, ?, ?)');
  }

  /** How many rows there are. */
  get size(): number {
    return this.count;
  }

  /** Tells the rows from any others, in whatever order they came. */
  get fingerprint(): string {
    this.addHashes();
    return this.sum;
  }

  add(table: McpTable, columns: readonly string[], values: readonly (string | null)[]): void {
    const { names, at } = this.planOf(columns);
    const text = `{${values.map((value, i) => `${names[i]}:${JSON.stringify(value)}`).join(',')}}`;
    const value = (column: string) => values[at(column)] ?? null;
    const time = pgTimeOf(value(table === 'memory_usage_log' ? 'accessed_at' : 'created_at')) ?? NO_TIME;
    const others = {
      memory_indexes: ['name'],
      memories: [],
      memory_relationships: ['source_id', 'target_id', 'relationship_type'],
      memory_usage_log: [],
    }[table].map(value);
    const [a = null, b = null, c = null] = others;
    const key = value('id');
    this.insert.run(TABLES.indexOf(table), time, key, value('project'), text, a, b, c);
    if (table === 'memories' && key !== null) this.addRefs(key, value);
    this.hashes.push(shaOf(table, text));
    if (this.hashes.length >= HASHES) this.addHashes();
    this.count += 1;
  }

  /** To be called when all rows are there, before they are read. */
  finish(): void {
    this.database.exec(`COMMIT;
      CREATE INDEX staged_order ON staged (kind, at, key, n);
      CREATE INDEX staged_key ON staged (kind, key);
      CREATE INDEX staged_edges ON staged (a, b, c) WHERE kind = 2;
      CREATE INDEX refs_src ON refs (src);
      CREATE INDEX refs_dst ON refs (dst)`);
    const prepare = (sql: string) => this.database.prepare(sql);
    this.find = {
      index: prepare('SELECT a FROM staged WHERE kind = 0 AND key = ? ORDER BY n LIMIT 1').pluck(),
      project: prepare(
        'SELECT project FROM staged WHERE kind = 1 AND key = ? ORDER BY at, n LIMIT 1',
      ).pluck(),
      refs: prepare(`
        SELECT DISTINCT r.type, r.other, r.isReversed FROM (
          SELECT type, dst AS other, 0 AS isReversed FROM refs WHERE src = @key
          UNION ALL SELECT type, src, 1 FROM refs WHERE dst = @key) AS r
        WHERE EXISTS (SELECT 1 FROM staged s WHERE s.kind = 1 AND s.key = r.other AND (s.at, s.key) < (@at, @key))
        ORDER BY r.type, r.other, r.isReversed`),
      edge: prepare(
        'SELECT 1 FROM staged WHERE kind = 2 AND a = @src AND b = @dst AND c = @type AND project IS @project LIMIT 1',
      ).pluck(),
      missing: prepare(
        `SELECT count(*) FROM refs r WHERE r.src = ?
           AND NOT EXISTS (SELECT 1 FROM staged s WHERE s.kind = 1 AND s.key = r.dst)`,
      ).pluck(),
    };
  }

  /** By table, the oldest first. */
  *rows(): Generator<StagedRow> {
    const select = this.database.prepare(
      'SELECT key, project, text, at FROM staged WHERE kind = ? ORDER BY at, key, n',
    );
    for (const [kind, table] of TABLES.entries()) {
      for (const row of select.iterate(kind) as IterableIterator<Omit<StagedRow, 'table'>>) {
        yield { ...row, table };
      }
    }
  }

  /** The name of an index, undefined where it is not there. */
  indexName(id: string): string | undefined {
    return (this.find.index.get(id) as string | null | undefined) ?? undefined;
  }

  /** The project that a memory is in; undefined where there is no such memory. */
  projectOf(memory: string): string | null | undefined {
    return this.find.project.get(memory) as string | null | undefined;
  }

  /** Memories before this one in `rows` that it names, or that name it. */
  refsOf({ key, at, project }: StagedRow): StagedRef[] {
    const found = this.find.refs.all({ key, at }) as { type: string; other: string; isReversed: 0 | 1 }[];
    return found
      .map(({ type, other, isReversed }) => ({ type, other, isReversed: isReversed === 1 }))
      .filter(({ type, other, isReversed }) => {
        const [src, dst] = isReversed ? [other, key] : [key, other];
        // What a relationship of its own says has more to it.
        return other !== key && this.find.edge.get({ src, dst, type, project }) === undefined;
      });
  }

  /** How many memories it names that are not there. */
  missingOf(memory: string): number {
    return this.find.missing.get(memory) as number;
  }

  close(): void {
    this.database.close();
  }

  private addRefs(key: string, value: (column: string) => string | null): void {
    const newer = value('superseded_by_id');
    if (newer !== null) this.insertRef.run(key, newer, SUPERSEDED_BY);
    for (const source of pgArrayOf(value('derived_from_ids')) ?? []) {
      if (source !== null) this.insertRef.run(key, source, DERIVED_FROM);
    }
  }

  private addHashes(): void {
    this.sum = addHashes(this.sum, this.hashes);
    this.hashes = [];
  }

  private planOf(columns: readonly string[]): Plan {
    const key = JSON.stringify(columns);
    let plan = this.plans.get(key);
    if (!plan) {
      const places = new Map(columns.map((column, i) => [column, i]));
      plan = {
        names: columns.map((column) => JSON.stringify(column)),
        at: (column) => places.get(column) ?? -1,
      };
      this.plans.set(key, plan);
    }
    return plan;
  }
}
