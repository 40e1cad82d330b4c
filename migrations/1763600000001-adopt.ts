import type Database from 'better-sqlite3';
import type { QueryRunner } from 'typeorm';
import { type ChainStep, refuseUnlessEmpty } from './chain-step.js';
import { bytesType, dropTables, isPostgres } from './ddl.js';
import { findOldTables, hasMemories } from './openmemory/old-tables.js';
import { setAside } from './openmemory/set-aside.js';

/** The tables that hold what a person stored. */
const TABLES = ['memories', 'vectors', 'waypoints', 'embed_logs'];

/**
 * The single-tenant store that Cairn grew from: the tables of OpenMemory 1.0 and 1.1. Where a database of
 * OpenMemory is taken over, of whichever release, its tables are set aside for the steps that follow.
 */
export class Adopt1763600000001 implements ChainStep {
  readonly version = '1.1.0';
  readonly title = 'Single-tenant memory store';

  async up(runner: QueryRunner): Promise<void> {
    if (isPostgres(runner)) return this.create(runner);
    const { tables } = findOldTables((await runner.connect()) as Database.Database, { ours: false });
    if (hasMemories(tables)) await setAside(runner, tables);
    else await this.create(runner);
  }

  /** Makes the tables, empty. */
  async create(runner: QueryRunner): Promise<void> {
    const bytes = bytesType(runner);
    await runner.query(
      `CREATE TABLE memories (id text PRIMARY KEY, content text NOT NULL, primary_sector text NOT NULL,
         tags text, meta text, created_at integer, updated_at integer, last_seen_at integer,
         salience real, decay_lambda real, version integer DEFAULT 1, mean_dim integer, mean_vec ${bytes})`,
    );
    await runner.query(
      `CREATE TABLE vectors (id text NOT NULL, sector text NOT NULL, v ${bytes} NOT NULL, dim integer NOT NULL,
         PRIMARY KEY (id, sector))`,
    );
    if (!isPostgres(runner)) {
      await runner.query(
        `CREATE VIRTUAL TABLE memories_fts USING fts5(id UNINDEXED, content, tokenize='porter')`,
      );
    }
    await runner.query(
      `CREATE TABLE waypoints (src_id text PRIMARY KEY, dst_id text NOT NULL, weight real NOT NULL,
         created_at integer, updated_at integer)`,
    );
    await runner.query(
      `CREATE TABLE embed_logs (id text PRIMARY KEY, model text, status text, ts integer, err text)`,
    );
    await runner.query(`CREATE INDEX idx_memories_sector ON memories (primary_sector)`);
    await runner.query(`CREATE INDEX idx_waypoints_src ON waypoints (src_id)`);
    await runner.query(`CREATE INDEX idx_waypoints_dst ON waypoints (dst_id)`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await refuseUnlessEmpty(this, runner, TABLES);
    await dropTables(runner, isPostgres(runner) ? TABLES : [...TABLES, 'memories_fts']);
  }
}
