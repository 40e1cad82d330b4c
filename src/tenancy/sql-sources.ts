import { type Node, isComma, isWord, nameOf } from './sql-nodes.js';
import { type Reading, isQuery, refused } from './sql-reading.js';
import type { Token } from './sql-tokens.js';

/** What a FROM selects from. */
export interface Source {
  /** Undefined for a subquery or a common table expression, whose own tables are looked at by themselves. */
  readonly table: string | undefined;
  readonly alias: string;
  /** The expressions of the ONs that its rows must pass. */
  readonly on: Node[][];
}

/** The clauses of a selection, in their order. */
export const CLAUSES = 'select from where group having window order limit offset fetch for'.split(' ');

const JOINS = new Set(['left', 'inner', 'cross', 'outer', 'join', 'natural', 'right', 'full']);
const NOT_AN_ALIAS = [...CLAUSES, ...JOINS, 'on', 'using', 'indexed', 'not'];

/** The tables of a FROM, each with the conditions of the ON that follows it, or the brackets around it. */
export function readSources(reading: Reading, nodes: readonly Node[], ctes: ReadonlySet<string>): Source[] {
  const sources: Source[] = [];
  for (let i = 0; ;) {
    const operand = readOperand(reading, nodes, i, ctes);
    i = operand.next;
    if (isWord(nodes[i], 'on')) {
      const end = nodes.findIndex((node, j) => j > i && (isComma(node) || beginsJoin(nodes, j)));
      const on = nodes.slice(i + 1, end < 0 ? nodes.length : end);
      reading.expression(on, ctes);
      for (const source of operand.sources) source.on.push(on);
      i += on.length + 1;
    }
    sources.push(...operand.sources);
    if (i >= nodes.length) return sources;
    if (isComma(nodes[i])) {
      i++;
    } else {
      if (isWord(nodes[i], 'left', 'inner', 'cross')) i++;
      if (isWord(nodes[i], 'outer')) i++;
      if (!isWord(nodes[i++], 'join')) throw refused('its FROM is unusual');
    }
  }
}

/** A table or a subquery with its alias, or a join in brackets. */
function readOperand(
  reading: Reading,
  nodes: readonly Node[],
  start: number,
  ctes: ReadonlySet<string>,
): { sources: Source[]; next: number } {
  const node = nodes[start];
  let next = start + 1;
  const alias = () => {
    if (isWord(nodes[next], 'as')) next++;
    const name = nameOf(nodes[next]);
    if (name === undefined || isWord(nodes[next], ...NOT_AN_ALIAS)) return undefined;
    reading.placed.add(nodes[next++] as Token);
    return name;
  };
  if (node?.kind === 'group') {
    if (!isQuery(node)) return { sources: readSources(reading, node.nodes, ctes), next };
    reading.statement(node.nodes, ctes);
    return { sources: [{ table: undefined, alias: alias() ?? `${start}`, on: [] }], next };
  }
  const name = nameOf(node);
  const isTable = name !== undefined && reading.tables.has(name);
  if (!isTable && (name === undefined || !ctes.has(name))) throw refused('it reads what is no entity');
  reading.placed.add(node as Token);
  return { sources: [{ table: isTable ? name : undefined, alias: alias() ?? name, on: [] }], next };
}

/** A join's first word; `left(…)` is a function. */
function beginsJoin(nodes: readonly Node[], i: number): boolean {
  const node = nodes[i];
  return node.kind === 'word' && JOINS.has(node.text) && nodes[i + 1]?.kind !== 'group';
}
