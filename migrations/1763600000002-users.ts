import type { QueryRunner } from 'typeorm';
import { Adopt1763600000001 } from './1763600000001-adopt.js';
import { type ChainStep, refuseUnlessEmpty } from './chain-step.js';
import { bytesType, dropTables, isPostgres, renameTable } from './ddl.js';
import { DEFAULT_ADOPTION, listOwners } from './openmemory/owners.js';
import { findSetAside } from './openmemory/set-aside.js';

const TABLES = ['memories', 'vectors', 'waypoints', 'embed_logs', 'users', 'stats'];

/**
 * Many people in one store: the multi-user step of OpenMemory 1.2. A row without an owner stays without. Of a
 * database that is taken over the owners are listed.
 */
export class Users1763600000002 implements ChainStep {
  readonly version = '1.2.0';
  readonly title = 'Multi-user tenant support';

  adoption = DEFAULT_ADOPTION;

  async up(runner: QueryRunner): Promise<void> {
    const setAside = isPostgres(runner) ? undefined : await findSetAside(runner);
    if (setAside) await listOwners(runner, setAside, this.adoption);
    else await this.extend(runner);
  }

  /** Gives the single-tenant tables what many users need. */
  async extend(runner: QueryRunner): Promise<void> {
    for (const column of [
      'user_id text',
      'segment integer DEFAULT 0',
      'simhash text',
      `compressed_vec ${bytesType(runner)}`,
      'feedback_score real DEFAULT 0',
    ]) {
      await runner.query(`ALTER TABLE memories ADD COLUMN ${column}`);
    }
    await runner.query(`ALTER TABLE vectors ADD COLUMN user_id text`);
    await this.rebuildWaypoints(runner);
    await runner.query(
      `CREATE TABLE users (user_id text PRIMARY KEY, summary text, reflection_count integer DEFAULT 0,
         created_at integer, updated_at integer)`,
    );
    await runner.query(
      `CREATE TABLE stats (id ${isPostgres(runner) ? 'bigserial PRIMARY KEY' : 'integer PRIMARY KEY AUTOINCREMENT'}, type text NOT NULL, count integer DEFAULT 1,
         ts integer NOT NULL)`,
    );
    // The full-text index went with this step; what it holds is in `memories`.
    if (!isPostgres(runner)) await dropTables(runner, ['memories_fts']);
    for (const [name, on] of [
      ['idx_memories_segment', 'memories (segment)'],
      ['idx_memories_simhash', 'memories (simhash)'],
      ['idx_memories_ts', 'memories (last_seen_at)'],
      ['idx_memories_user', 'memories (user_id)'],
      ['idx_vectors_user', 'vectors (user_id)'],
      ['idx_waypoints_src', 'waypoints (src_id)'],
      ['idx_waypoints_dst', 'waypoints (dst_id)'],
      ['idx_waypoints_user', 'waypoints (user_id)'],
      ['idx_stats_ts', 'stats (ts)'],
      ['idx_stats_type', 'stats (type)'],
    ]) {
      await runner.query(`CREATE INDEX ${name} ON ${on}`);
    }
  }

  /** Back to the empty tables of the step before, made the way that step makes them. */
  async down(runner: QueryRunner): Promise<void> {
    await refuseUnlessEmpty(this, runner, TABLES);
    await dropTables(runner, TABLES);
    await new Adopt1763600000001().create(runner);
  }

  /** The user joins the primary key. In a key "no owner" is the empty string: NULLs are never equal. */
  private async rebuildWaypoints(runner: QueryRunner): Promise<void> {
    await runner.query(
      `CREATE TABLE waypoints_new (src_id text NOT NULL, dst_id text NOT NULL, user_id text NOT NULL,
         weight real NOT NULL, created_at integer, updated_at integer, PRIMARY KEY (src_id, user_id))`,
    );
    await runner.query(
      `INSERT INTO waypoints_new (src_id, dst_id, user_id, weight, created_at, updated_at)
       SELECT src_id, dst_id, '', weight, created_at, updated_at FROM waypoints`,
    );
    await dropTables(runner, ['waypoints']);
    await renameTable(runner, 'waypoints_new', 'waypoints');
  }
}
