import { type Home, quoteText, VAULT_BY } from './home.js';
import { columnsOfKind } from './tables.js';
import { ownerSql } from './owners.js';
import type { SetAside } from './set-aside.js';

/** What `legacy_rows.source_table` says of rows that hold what a row's new home has no place for. */
function columnsOf(table: string): string {
  return `${table}.columns`;
}

/** The rows of an old table, with every column that any release has. */
export function oldRows({ kind, staged, columns }: SetAside): string {
  const absent = columnsOfKind(kind).filter((column) => !columns.includes(column));
  const list = [
    ...columns.map((column) => `t."${column}"`),
    ...absent.map((column) => `NULL AS "${column}"`),
    't.rowid AS "row"',
  ];
  return `(SELECT ${list.join(', ')} FROM "${staged}" t) old`;
}

/** Rows with a home: what the new row does not give back. Parameters: the time. */
export function insertColumns(table: SetAside, home: Home): string {
  const cells = table.columns.map((column) => {
    const back = home.back[column];
    const same = back
      ? `(typeof(old."${column}") = typeof(${back}) AND old."${column}" IS ${back})`
      : `old."${column}" IS NULL`;
    if (home.keyColumns.includes(column)) return cell(column, home.marked ? '1' : `2 - (NOT ${same})`);
    return cell(column, `NOT ${same}`);
  });
  const name = quoteText(columnsOf(table.name));
  // The limit keeps SQLite from working out the data twice, once for the condition.
  return `INSERT INTO "legacy_rows" ("vault_id", "id", "source_table", "reason", "data", "created_at")
    SELECT vault_id, ${name} || ':' || id, ${name}, 'its table has no place for these columns, or not as they were',
      data, ?
    FROM (SELECT new."vault_id" AS vault_id, ${home.key} AS id, old_values(${cells.join(', ')}) AS data
          FROM ${oldRows(table)} ${home.join} JOIN "${home.to}" new ON ${home.match}
          WHERE ${home.where} LIMIT -1)
    WHERE data IS NOT NULL`;
}

/** Rows without a home, whole. Parameters: the reason where `home` does not tell it, and the time. */
export function insertWhole(table: SetAside, home: Home | undefined): string {
  const cells = table.columns.map((column) => cell(column, '1'));
  const name = quoteText(table.name);
  const left = home
    ? `WHERE old."row" NOT IN (SELECT old."row" FROM ${oldRows(table)} ${home.join} WHERE ${home.where})`
    : '';
  return `INSERT INTO "legacy_rows" ("vault_id", "id", "source_table", "reason", "data", "created_at")
    SELECT ${vaultSql(table)}, ${name} || ':' || row_number() OVER (ORDER BY old."row"), ${name}, ${home ? home.reason : '?'},
      old_values(${cells.join(', ')}), ?
    FROM ${oldRows(table)} ${left}`;
}

function cell(column: string, want: string): string {
  const value = `old."${column}"`;
  return `'${column}', ${want}, typeof(${value}), CASE WHEN NOT (${want}) THEN NULL
    WHEN typeof(${value}) = 'text' THEN CAST(${value} AS blob) ELSE ${value} END`;
}

/** The vault of the memory that the row belongs to, or of its owner. */
function vaultSql({ kind, columns }: SetAside): string {
  const owners = `SELECT "vault_id" FROM "old_owners" WHERE "owner" = ${ownerSql(columns)}`;
  const by = VAULT_BY[kind];
  if (!by) return `(${owners})`;
  return `coalesce((SELECT p."vault_id" FROM "old_places" p WHERE p."id" = old."${by}"), (${owners}))`;
}

/**
 * Selects the rows of an old table, as our tables and `legacy_rows` give them back: first those that have a home,
 * each part in the order in which they came.
 */
export function givenBack(
  table: SetAside,
  home: Home | undefined,
  nameOf: (table: string) => string,
): string[] {
  const legacy = nameOf('legacy_rows');
  const name = quoteText(table.name);
  const whole = table.columns.map((column) => `${kept(column, 'NULL')} AS "${column}"`);
  const selects = [
    `SELECT ${whole.join(', ')} FROM "${legacy}" l WHERE l."source_table" = ${name}
     ORDER BY CAST(substr(l."id", ${table.name.length + 2}) AS integer)`,
  ];
  if (home) {
    const columns = quoteText(columnsOf(table.name));
    const values = table.columns.map(
      (column) => `${kept(column, home.back[column] ?? 'NULL')} AS "${column}"`,
    );
    selects.unshift(
      `SELECT ${values.join(', ')} FROM "${nameOf(home.to)}" new
       ${home.marked ? '' : 'LEFT '}JOIN "${legacy}" l
         ON l."vault_id" = new."vault_id" AND l."id" = ${columns} || ':' || ${home.key}
       WHERE ${home.belongs}${home.order ? ` ORDER BY ${home.order}` : ''}`,
    );
  }
  return selects;
}

/** A column's value in `l.data`, or what the new row gives back where it holds none. */
function kept(column: string, otherwise: string): string {
  const path = `'$.${column}'`;
  const value = `old_value(l."data" -> ${path})`;
  return `CASE json_type(l."data", ${path})
    WHEN 'null' THEN NULL
    WHEN 'integer' THEN l."data" ->> ${path}
    WHEN 'object' THEN CASE WHEN json_type(l."data", '$.${column}."$text"') IS NULL THEN ${value}
      ELSE CAST(${value} AS text) END
    WHEN 'text' THEN ${value}
    WHEN 'real' THEN ${value}
    ELSE ${otherwise} END`;
}
