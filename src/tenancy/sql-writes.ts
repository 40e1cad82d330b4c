import { type Conditions, conditionsOn } from './sql-conditions.js';
import { type Node, isComma, isPunctuation, isWord, nameOf, splitAt, wordAt } from './sql-nodes.js';
import { type Assigned, type Reading, type TableUse, refused } from './sql-reading.js';
import { CLAUSES } from './sql-sources.js';
import type { Token } from './sql-tokens.js';

/** The columns that say whose a row is. */
const OWNERSHIP: ReadonlySet<string> = new Set(['vault_id', 'user_id']);

/** Words that begin another part of a statement: what follows them is no longer the expression at hand. */
const OTHER_PARTS = [...CLAUSES, 'on', 'do', 'set', 'values', 'union', 'except', 'intersect', 'indexed'];

const NO_CONDITIONS: Conditions = { vault: [], user: [], userOrNobody: [], now: [] };

/** `INSERT INTO table AS alias (columns) VALUES (row), (row) ON CONFLICT …`, the alias on PostgreSQL alone */
export function readInsert(reading: Reading, nodes: readonly Node[], ctes: ReadonlySet<string>): void {
  const [, into, target, ...more] = nodes;
  const table = targetOf(reading, target);
  const hasAlias = isWord(more[0], 'as');
  const alias = hasAlias ? aliasOf(reading, more[1]) : table;
  const [columns, values, ...rest] = hasAlias ? more.slice(2) : more;
  if (!isWord(into, 'into') || columns?.kind !== 'group' || !isWord(values, 'values')) {
    throw refused('only rows of values can be inserted');
  }
  const names = splitAt(columns.nodes, isComma).map((column) =>
    column.length === 1 ? nameOf(column[0]) : undefined,
  );
  if (new Set(names).size < names.length) throw refused('it inserts into a column twice');
  const end = rest.findIndex((node) => isWord(node, 'on'));
  const rows = splitAt(end < 0 ? rest : rest.slice(0, end), isComma).map(([row, ...more]) => {
    if (row?.kind !== 'group' || more.length > 0) throw refused('only rows of values can be inserted');
    reading.expression(row.nodes, ctes);
    const cells = splitAt(row.nodes, isComma);
    const parameterOf = (name: string) => soleParameter(cells[names.indexOf(name)] ?? []);
    return { vault: parameterOf('vault_id'), user: parameterOf('user_id') };
  });
  reading.uses.push({ table, role: 'insert', conditions: NO_CONDITIONS, rows, assigned: [] });
  if (end >= 0) readConflict(reading, rest.slice(end), table, alias, ctes);
}

/** `ON CONFLICT (…) DO NOTHING`, or `DO UPDATE SET … WHERE …`, which changes a row that is there. */
function readConflict(
  reading: Reading,
  nodes: readonly Node[],
  table: string,
  alias: string,
  ctes: ReadonlySet<string>,
): void {
  const start = nodes[2]?.kind === 'group' ? 3 : 2;
  if (!wordAt(nodes, 0, 'on', 'conflict')) throw refused('its end is unusual');
  if (wordAt(nodes, start, 'do', 'nothing') && nodes.length === start + 2) return;
  if (!wordAt(nodes, start, 'do', 'update', 'set')) throw refused('its end is unusual');
  readChange(reading, table, alias, nodes.slice(start + 3), ctes);
}

/** `UPDATE table SET … WHERE …` */
export function readUpdate(reading: Reading, nodes: readonly Node[], ctes: ReadonlySet<string>): void {
  const table = targetOf(reading, nodes[1]);
  if (!isWord(nodes[2], 'set')) throw refused('its UPDATE is unusual');
  readChange(reading, table, table, nodes.slice(3), ctes);
}

/** `DELETE FROM table WHERE …` */
export function readDelete(reading: Reading, nodes: readonly Node[], ctes: ReadonlySet<string>): void {
  const table = targetOf(reading, nodes[2]);
  if (!isWord(nodes[1], 'from') || !(nodes.length === 3 || isWord(nodes[3], 'where'))) {
    throw refused('its DELETE is unusual');
  }
  readTarget(reading, table, table, [], nodes.slice(4), ctes);
}

/** What follows a SET. */
function readChange(
  reading: Reading,
  table: string,
  alias: string,
  nodes: readonly Node[],
  ctes: ReadonlySet<string>,
): void {
  const [set, where = [], ...more] = splitAt(nodes, (node) => isWord(node, 'where'));
  if (more.length > 0 || set.some((node) => isWord(node, ...OTHER_PARTS)))
    throw refused('its SET is unusual');
  const assigned = splitAt(set, isComma).map(([name, equals, ...value]) => {
    const column = nameOf(name);
    if (column === undefined || !isPunctuation(equals, '=')) throw refused('its SET is unusual');
    return { column, value: assignedValue(column, value) };
  });
  reading.expression(set, ctes);
  const ownership = assigned.filter(({ column }) => OWNERSHIP.has(column));
  readTarget(reading, table, alias, ownership, where, ctes);
}

/** The table that is changed, under its WHERE. */
function readTarget(
  reading: Reading,
  table: string,
  alias: string,
  assigned: TableUse['assigned'],
  where: readonly Node[],
  ctes: ReadonlySet<string>,
): void {
  if (where.some((node) => isWord(node, ...OTHER_PARTS))) throw refused('its WHERE is unusual');
  reading.expression(where, ctes);
  const conditions = conditionsOn(alias, true, [where]);
  reading.uses.push({ table, role: 'change', conditions, rows: [], assigned });
}

function targetOf(reading: Reading, node: Node | undefined): string {
  const name = nameOf(node);
  if (name === undefined || !reading.tables.has(name)) throw refused('it writes to what is no entity');
  reading.placed.add(node as Token);
  return name;
}

function aliasOf(reading: Reading, node: Node | undefined): string {
  const name = nameOf(node);
  if (name === undefined) throw refused('it writes under an unusual name');
  reading.placed.add(node as Token);
  return name;
}

function soleParameter(nodes: readonly Node[]): number | undefined {
  const [node] = nodes;
  return nodes.length === 1 && node.kind === 'parameter' ? node.ordinal : undefined;
}

function assignedValue(column: string, nodes: readonly Node[]): Assigned {
  const parameter = soleParameter(nodes);
  if (parameter !== undefined) return parameter;
  const [excluded, dot, name] = nodes;
  const inserted = isWord(excluded, 'excluded') && isPunctuation(dot, '.') && nameOf(name) === column;
  return inserted && nodes.length === 3 ? 'excluded' : 'other';
}
