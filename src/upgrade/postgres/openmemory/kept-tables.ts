import { type Database, type Grant, selectRows } from '../../../../migrations/postgres/catalog.js';
import { qualified, quoteIdentifier } from '../../../../migrations/postgres/identifiers.js';
import type { QueryRunner } from 'typeorm';
import { MigrationRefusedError } from '../../migration-refused.error.js';
import { readTableGrants, restoreTableGrants } from './kept-grants.js';
import type { OldColumn, OldSchema } from './old-tables.js';

/** What a table of OpenMemory is called in the schema of Cairn. */
const PREFIX = 'old_';

/** PostgreSQL's code for a lock that was not to be had in time. */
const LOCK_NOT_AVAILABLE = '55P03';

interface Renamed {
  readonly name: string;
  readonly was: string;
}

/** A table of OpenMemory that was moved, and stays, empty, to be given its rows back. */
export interface KeptTable {
  /** What it is called now. */
  readonly name: string;
  /** What it was called in its own schema. */
  readonly was: string;
  /** What such a table is called in an SQLite file of OpenMemory. */
  readonly as: string;
  readonly columns: readonly OldColumn[];
  readonly indexes: readonly Renamed[];
}

/** What was moved. */
export interface KeptTables {
  /** The schema that the tables are from. */
  readonly schema: string;
  readonly tables: readonly KeptTable[];
  /** What others than their owner might do with them there. */
  readonly grants: readonly Grant[];
}

/**
 * Moves OpenMemory's tables into the schema of Cairn, out of the way of every name there. Nobody else can read or
 * write them from here on until the transaction ends.
 */
export async function moveIn(runner: QueryRunner, old: OldSchema, schema: string): Promise<KeptTables> {
  const tables: KeptTable[] = [];
  const grants = await readTableGrants(
    runner,
    old.schema,
    old.tables.map(({ name }) => name),
  );
  // All of them before the first is moved, so that there is nothing that another might wait for.
  const all = old.tables.map(({ name }) => qualified(old.schema, name)).join(', ');
  await lock(runner, all);
  for (const { name: was, as, columns } of old.tables) {
    const name = PREFIX + as;
    if (old.schema !== schema) {
      await runner.query(`ALTER TABLE ${qualified(old.schema, was)} SET SCHEMA ${quoteIdentifier(schema)}`);
    }
    await runner.query(`ALTER TABLE ${qualified(schema, was)} RENAME TO ${quoteIdentifier(name)}`);
    const indexes: Renamed[] = [];
    for (const index of await indexesOf(runner, schema, name)) {
      const renamed = { name: `${name}_index_${indexes.length + 1}`, was: index };
      await renameIndex(runner, schema, index, renamed.name);
      indexes.push(renamed);
    }
    tables.push({ name, was, as, columns, indexes });
  }
  return { schema: old.schema, tables, grants };
}

async function lock(runner: QueryRunner, tables: string): Promise<void> {
  try {
    await runner.query(`LOCK TABLE ${tables} IN ACCESS EXCLUSIVE MODE`);
  } catch (error) {
    if ((error as { code?: string }).code !== LOCK_NOT_AVAILABLE) throw error;
    throw new MigrationRefusedError(
      'Another program uses the tables of OpenMemory. Nothing was changed: stop OpenMemory, and run this again.',
    );
  }
}

/** Their rows are in the tables of Cairn. */
export async function empty(runner: QueryRunner, { tables }: KeptTables, schema: string): Promise<void> {
  const all = tables.map(({ name }) => qualified(schema, name)).join(', ');
  await runner.query(`TRUNCATE ${all}`);
}

/** Moves the tables back to where they were, under the names that they had, and open to those to whom they were. */
export async function moveOut(runner: QueryRunner, kept: KeptTables, schema: string): Promise<void> {
  for (const { name, was, indexes } of kept.tables) {
    for (const index of indexes) await renameIndex(runner, schema, index.name, index.was);
    await runner.query(`ALTER TABLE ${qualified(schema, name)} RENAME TO ${quoteIdentifier(was)}`);
    if (kept.schema === schema) continue;
    await runner.query(`ALTER TABLE ${qualified(schema, was)} SET SCHEMA ${quoteIdentifier(kept.schema)}`);
  }
  const names = kept.tables.map(({ was }) => was);
  await restoreTableGrants(runner, kept.schema, names, kept.grants);
}

/**
 * What keeps the tables from being moved back; nothing where they can be.
 *
 * @throws MigrationRefusedError where only a privilege is missing
 */
export async function findObstaclesToMoveOut(
  database: Database,
  kept: KeptTables,
  schema: string,
): Promise<string[]> {
  const [{ role, creatable, found }] = await selectRows<{ role: string; creatable: boolean; found: boolean }>(
    database,
    `SELECT current_user AS role, n.oid IS NOT NULL AS found,
       coalesce(has_schema_privilege(n.oid, 'CREATE'), false) AS creatable
     FROM (SELECT 1) one LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = $1`,
    [kept.schema],
  );
  if (found && !creatable) {
    throw new MigrationRefusedError(
      `The role ${role} may not move the tables of OpenMemory back to the schema ${kept.schema}. Nothing was changed. ` +
        `As its owner or a superuser, run GRANT CREATE ON SCHEMA ${quoteIdentifier(kept.schema)} TO ${quoteIdentifier(role)};`,
    );
  }
  if (!found) return [`the tables of OpenMemory: the schema ${kept.schema}, where they were, is gone`];
  const there = await tablesOf(database, kept.schema);
  const here = await tablesOf(database, schema);
  return [
    ...kept.tables
      .filter(({ was }) => kept.schema !== schema && there.includes(was))
      .map(({ was }) => `the table ${kept.schema}.${was} of before, since there is another of that name`),
    ...kept.tables
      .filter(({ name }) => !here.includes(name))
      .map(({ name, was }) => `${was}, which was kept as ${schema}.${name} and is gone`),
  ];
}

function renameIndex(runner: QueryRunner, schema: string, from: string, to: string): Promise<unknown> {
  return runner.query(`ALTER INDEX ${qualified(schema, from)} RENAME TO ${quoteIdentifier(to)}`);
}

async function indexesOf(runner: QueryRunner, schema: string, table: string): Promise<string[]> {
  const rows = await selectRows<{ name: string }>(
    runner,
    `SELECT indexname AS name FROM pg_catalog.pg_indexes WHERE schemaname = $1 AND tablename = $2
     ORDER BY indexname COLLATE "C"`,
    [schema, table],
  );
  return rows.map(({ name }) => name);
}

async function tablesOf(database: Database, schema: string): Promise<string[]> {
  const rows = await selectRows<{ name: string }>(
    database,
    `SELECT c.relname AS name FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1`,
    [schema],
  );
  return rows.map(({ name }) => name);
}
