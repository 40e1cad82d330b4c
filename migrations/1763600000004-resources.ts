import type { QueryRunner } from 'typeorm';
import { type Addition, add, remove } from './additions.js';
import type { ChainStep } from './chain-step.js';
import { vaultTable } from './vault-tables.js';

/** What OpenMemory puts where a summary belongs, and on SQLite never replaces. */
const NO_SUMMARY = `coalesce("summary", 'User profile initializing...') = 'User profile initializing...'`;

const ADDITIONS: readonly Addition[] = [
  {
    table: 'users',
    columns: [
      // A summary that was taken over stays until its user's memories change.
      { column: 'summary_stale boolean', value: `NOT "summary_manual" AND ${NO_SUMMARY}` },
      { column: 'summary_at bigint null', value: `CASE WHEN ${NO_SUMMARY} THEN NULL ELSE "updated_at" END` },
    ],
    indexes: [{ name: 'ix_users_stale', columns: 'vault_id, user_id', where: '"summary_stale"' }],
  },
  {
    table: 'memories',
    // Counts what has expired of one user, where others may have much more.
    indexes: [
      {
        name: 'ix_memories_owner_expires',
        columns: 'vault_id, user_id, expires_at',
        where: '"expires_at" IS NOT NULL',
      },
      // Sessions in the order of their list, and the memories of one without a look at the owner's others.
      {
        name: 'ix_memories_owner_session',
        columns: 'vault_id, user_id, session_id, created_at, id',
        where: '"session_id" IS NOT NULL',
      },
    ],
    // Without them it takes nine rows for a user, and walks through all of the user's memories for four ids.
    statistics: {
      sqlite_autoindex_memories_1: '1000000 10000 1',
      ux_memories_position: '1000000 10000 1000 1',
      ix_memories_owner_created: '1000000 10000 1000 2 1',
      ix_memories_created: '1000000 10000 2 1',
      ix_memories_content_hash: '1000000 10000 1000 2',
      ix_memories_session: '1000000 10000 20 2',
      ix_memories_collection: '1000000 10000 1000 2',
      ix_memories_expires: '100000 1000 2',
      ix_memories_owner_expires: '100000 1000 100 2',
      ix_memories_owner_session: '1000000 10000 1000 20 2 1',
    },
  },
  {
    table: 'waypoints',
    // Without them it takes ten rows for a vault, and walks through all of the vault's to find those that lead to
    // a memory: at 40,000 of them, 13 ms for every memory that is deleted.
    statistics: { waypoints: '1000000 10000 2 1 1', ix_waypoints_dst: '1000000 10000 2' },
  },
];

/** What users, sessions, collections and waypoints need beyond the tables they have. */
export class Resources1763600000004 implements ChainStep {
  readonly version = '2.1.0';
  readonly title = 'Users, sessions, collections and waypoints';

  async up(runner: QueryRunner): Promise<void> {
    await add(runner, ADDITIONS, vaultTable);
  }

  /** Every row stays as it was. What goes says only whether a summary follows the memories; `up` has it made anew. */
  async down(runner: QueryRunner): Promise<void> {
    await remove(runner, ADDITIONS, vaultTable);
  }
}
