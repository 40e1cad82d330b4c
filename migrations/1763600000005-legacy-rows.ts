import type { QueryRunner } from 'typeorm';
import { type Addition, add, remove } from './additions.js';
import type { ChainStep } from './chain-step.js';
import { isPostgres } from './ddl.js';
import { fillLegacyOwners } from './postgres/legacy-owners.js';
import { vaultTable } from './vault-tables.js';

/** Tables of OpenMemory whose rows belong to no memory, whatever their ids are. */
const APART = ['users', 'stats', 'temporal_facts', 'temporal_edges', 'schema_version', 'sqlite_schema'];
const APART_SOURCES = APART.flatMap((table) => [table, `${table}.columns`]);
const APART_SQL = APART_SOURCES.map((source) => `'${source}'`).join(', ');

/** What follows `memories.columns:`; as bytes, since of a text that holds U+0000 there is but the beginning. */
const MEMORY_OF_COLUMNS = `CAST(substr(CAST("legacy_rows"."id" AS blob), 18) AS text)`;

/** The memory that a row speaks of: what its own data names, if there is such a memory in its vault. */
const MEMORY_ID = `(CASE WHEN "source_table" NOT IN (${APART_SQL}) AND json_valid("data") THEN
  (SELECT m."id" FROM "memories" m WHERE m."vault_id" = "legacy_rows"."vault_id"
     AND m."id" = CASE WHEN "source_table" = 'memories.columns' THEN ${MEMORY_OF_COLUMNS}
       ELSE coalesce("data" ->> '$.src_id', "data" ->> '$.id') END) END)`;

/** The owner of that memory, or the one that the data names. */
const USER_ID = `coalesce((SELECT m."user_id" FROM "memories" m
    WHERE m."vault_id" = "legacy_rows"."vault_id" AND m."id" = ${MEMORY_ID}),
  CASE WHEN json_valid("data") AND json_type("data", '$.user_id') = 'text' THEN "data" ->> '$.user_id' END, '')`;

const ADDITIONS: readonly Addition[] = [
  {
    table: 'legacy_rows',
    columns: [
      { column: 'user_id text', value: USER_ID, onPostgres: `''` },
      { column: 'memory_id text null', value: MEMORY_ID, onPostgres: 'NULL' },
    ],
    foreignKeys: [
      {
        name: 'fk_legacy_rows_memory',
        columns: 'vault_id, memory_id',
        references: 'memories',
        referencedColumns: 'vault_id, id',
        onDelete: 'CASCADE',
      },
    ],
    indexes: [
      { name: 'ix_legacy_rows_owner', columns: 'vault_id, user_id' },
      { name: 'ix_legacy_rows_memory', columns: 'vault_id, memory_id', where: '"memory_id" IS NOT NULL' },
    ],
    statistics: {
      sqlite_autoindex_legacy_rows_1: '1000000 10000 1',
      ix_legacy_rows_owner: '1000000 10000 1000',
      ix_legacy_rows_memory: '1000000 10000 2',
    },
  },
];

/** Rows of older databases go with the memory and the user that they belong to. */
export class LegacyRows1763600000005 implements ChainStep {
  readonly version = '2.2.0';
  readonly title = 'Owners of rows from older databases';

  async up(runner: QueryRunner): Promise<void> {
    await add(runner, ADDITIONS, vaultTable);
    if (isPostgres(runner)) await fillLegacyOwners(runner, APART_SOURCES);
  }

  /** Every row stays as it was. What goes can be told from the rest of the row. */
  async down(runner: QueryRunner): Promise<void> {
    await remove(runner, ADDITIONS, vaultTable);
  }
}
