import type Database from 'better-sqlite3';
import { SERVICE_STATEMENTS } from '../service-statements.js';
import type { Report } from './finding.js';

/** How long lists are tried: the planner takes other ways to few rows than to many. */
const LIST_SIZES = [1, 2, 500];
/** Looks over all vaults, by purpose: it goes through `vaults` in the order of the ids. */
const OVER_ALL_VAULTS = /^SELECT v\.vault_id AS "vaultId"/;

/**
 * Asks SQLite how it would carry out every statement of the service in this database: each table with a vault must be
 * searched by an index that begins with `vault_id`, and never be read through.
 *
 * @returns how many statements there are
 */
export function verifyStatements(
  database: Database.Database,
  report: Report,
  statements: readonly string[] = SERVICE_STATEMENTS,
): number {
  const tenantTables = new Set(tablesWithVault(database));
  for (const statement of statements) {
    const found = new Set<string>();
    for (const size of LIST_SIZES) {
      for (const complaint of complaintsAbout(database, withLists(statement, size), tenantTables))
        found.add(complaint);
    }
    for (const complaint of found) report('statements', `${complaint}: ${statement}`);
  }
  return statements.length;
}

/** A statement as it is in the list: the lengths of lists and pages do not make it another one. */
export function canonicalStatement(sql: string): string {
  return sql
    .trim()
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\bIN \(\?(?:, \?)*\)/g, 'IN (?, ?)')
    .replaceAll(/\bIN \(VALUES (\([?, ]+\))(?:, \([?, ]+\))*\)/g, 'IN (VALUES $1, $1)')
    .replaceAll(/(\({2,3}(?:\("\w+" = \?\)(?: AND )?)+\){2,3})(?: OR \1)+/g, '$1 OR $1')
    .replaceAll(/\bLIMIT \d+/g, 'LIMIT 100');
}

function withLists(statement: string, size: number): string {
  const repeated = (item: string) => Array.from({ length: size }, () => item).join(', ');
  return statement
    .replaceAll('IN (?, ?)', () => `IN (${repeated('?')})`)
    .replaceAll(/\bIN \(VALUES (\([?, ]+\)), \1\)/g, (_, tuple: string) => `IN (VALUES ${repeated(tuple)})`);
}

function complaintsAbout(
  database: Database.Database,
  sql: string,
  tenantTables: ReadonlySet<string>,
): string[] {
  let plan: string[];
  try {
    const values = new Array<null>(sql.split('?').length - 1).fill(null);
    const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...values) as { detail: string }[];
    plan = rows.map(({ detail }) => detail);
  } catch (error) {
    return [`it cannot be carried out (${(error as Error).message})`];
  }
  const names = namesIn(sql);
  return plan.flatMap((step) => {
    const [, how, name, by] = /^(SCAN|SEARCH) (\S+)(?: (.*))?$/.exec(step) ?? [];
    if (how === undefined || by?.includes('VIRTUAL TABLE')) return [];
    const table = tenantTables.has(name) ? name : names.get(name);
    if (table === undefined)
      return isMadeOnTheWay(name, plan) ? [] : [`nobody knows what ${name} is in "${step}"`];
    if (!tenantTables.has(table)) return [];
    if (how === 'SCAN') return isDirectory(sql, table) ? [] : [`it reads through ${table} ("${step}")`];
    const led = /\(vault_id=\?/.test(by) || (isDirectory(sql, table) && /\(vault_id>\?\)/.test(by));
    if (by.includes('AUTOMATIC')) return [`it makes an index of ${table} each time ("${step}")`];
    return led ? [] : [`it searches ${table} by an index that does not begin with vault_id ("${step}")`];
  });
}

/** The tables of a statement by the names that it gives them. */
function namesIn(sql: string): Map<string, string> {
  const names = new Map<string, string>();
  const KEYWORDS = /^(where|set|on|inner|left|cross|join|order|group|limit|using|indexed|not|values|union)$/i;
  for (const [, table, alias] of sql.matchAll(
    /\b(?:FROM|JOIN|UPDATE|INTO|,)\s+"?(\w+)"?(?:\s+(?:AS\s+)?"?(\w+)"?)?/gi,
  )) {
    names.set(alias === undefined || KEYWORDS.test(alias) ? table : alias, table);
  }
  return names;
}

/** Whether it is no table, but rows that the statement has made itself. */
function isMadeOnTheWay(name: string, plan: readonly string[]): boolean {
  return (
    /^(\(subquery-\d+\)|CONSTANT|\d+-ROW|\d+)$/.test(name) ||
    plan.some((step) => /^(CO-ROUTINE|MATERIALIZE) /.test(step) && step.endsWith(` ${name}`))
  );
}

function isDirectory(sql: string, table: string): boolean {
  return table === 'vaults' && OVER_ALL_VAULTS.test(sql.trim());
}

function tablesWithVault(database: Database.Database): string[] {
  return database
    .prepare(
      `SELECT t.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
       WHERE t.type = 'table' AND c.name = 'vault_id'`,
    )
    .pluck()
    .all() as string[];
}
