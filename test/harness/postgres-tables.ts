import type { Client } from 'pg';
import type { TableSpec } from '../../migrations/ddl.js';
import { vaultTables } from '../../migrations/vault-tables.js';

/** What the steps after the tables' own add to them. */
const ADDED: Readonly<Record<string, Partial<TableSpec>>> = {
  users: {
    columns: 'summary_stale boolean, summary_at bigint null',
    indexes: [{ name: 'ix_users_stale', columns: 'vault_id, user_id', where: '"summary_stale"' }],
  },
  memories: {
    indexes: [
      {
        name: 'ix_memories_owner_expires',
        columns: 'vault_id, user_id, expires_at',
        where: '"expires_at" IS NOT NULL',
      },
      {
        name: 'ix_memories_owner_session',
        columns: 'vault_id, user_id, session_id, created_at, id',
        where: '"session_id" IS NOT NULL',
      },
    ],
  },
  legacy_rows: {
    columns: 'user_id text, memory_id text null',
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
  },
};

/** Makes the tables as the migrations would. */
export async function createTables(client: Client): Promise<void> {
  for (const table of vaultTables) for (const sql of tableStatements(table)) await client.query(sql);
  await client.query(
    'CREATE TABLE "migrations" ("id" serial PRIMARY KEY, "timestamp" bigint NOT NULL, "name" varchar NOT NULL)',
  );
  await client.query(
    'CREATE TABLE "schema_version" ("version" text COLLATE "C" PRIMARY KEY, "applied_at" bigint NOT NULL)',
  );
}

function tableStatements(table: TableSpec): string[] {
  const added = ADDED[table.name] ?? {};
  const columns = [table.columns, added.columns].filter((one) => one !== undefined).join(', ');
  const parts = [
    ...columns.split(',').map(columnSql),
    `CONSTRAINT "${table.primaryKey.name}" PRIMARY KEY (${table.primaryKey.columns})`,
    ...[...(table.foreignKeys ?? []), ...(added.foreignKeys ?? [])].map(
      (key) =>
        `CONSTRAINT "${key.name}" FOREIGN KEY (${key.columns}) REFERENCES "${key.references}" ` +
        `(${key.referencedColumns}) ON DELETE ${key.onDelete}`,
    ),
  ];
  const indexes = [...(table.indexes ?? []), ...(added.indexes ?? [])];
  return [
    `CREATE TABLE "${table.name}" (${parts.join(', ')})`,
    ...indexes.map(
      ({ name, columns, unique, where }) =>
        `CREATE ${unique ? 'UNIQUE ' : ''}INDEX "${name}" ON "${table.name}" (${columns})` +
        (where === undefined ? '' : ` WHERE ${where}`),
    ),
  ];
}

function columnSql(column: string): string {
  const [, name, type, nullable] = /^(\w+) (.+?)( null)?$/.exec(column.trim().replaceAll(/\s+/g, ' '))!;
  const typeSql = { text: 'text COLLATE "C"', blob: 'bytea' }[type] ?? type;
  return `"${name}" ${typeSql}${nullable ? '' : ' NOT NULL'}`;
}
