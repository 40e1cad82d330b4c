import { type Node, isWord, splitAt } from './sql-nodes.js';
import type { Token } from './sql-tokens.js';

/** The parameters that a table's rows are compared with, in conditions that hold of every row. */
export interface Conditions {
  /** `vault_id = ?` */
  readonly vault: readonly number[];
  /** `user_id = ?` */
  readonly user: readonly number[];
  /** `user_id IN (?, '')` */
  readonly userOrNobody: readonly number[];
  /** `(expires_at IS NULL OR expires_at > ?)` */
  readonly now: readonly number[];
}

/**
 * The conditions on one table that hold without exception: they stand, joined by nothing but AND, in a WHERE
 * or an ON, and exactly as the query builders write them. Anything more in the same place is not one of them.
 *
 * @param alias what the table is called there
 * @param alone whether its columns may stand without the alias, no other table being there
 * @param clauses the expressions of the WHERE and of the ON that the table's rows must pass
 */
export function conditionsOn(
  alias: string,
  alone: boolean,
  clauses: readonly (readonly Node[])[],
): Conditions {
  const found = {
    vault: [] as number[],
    user: [] as number[],
    userOrNobody: [] as number[],
    now: [] as number[],
  };
  for (const condition of clauses.flatMap(conjuncts)) {
    const text = spell(condition);
    for (const [kind, patterns] of Object.entries(PATTERNS)) {
      const matches = patterns(`${alias}.`).includes(text) || (alone && patterns('').includes(text));
      const parameter = matches ? flatten(condition).find((node) => node.kind === 'parameter') : undefined;
      if (parameter) found[kind as keyof Conditions].push(parameter.ordinal);
    }
  }
  return found;
}

const PATTERNS: Record<keyof Conditions, (prefix: string) => string[]> = {
  vault: (prefix) => [`${prefix}vault_id = ?`],
  user: (prefix) => [`${prefix}user_id = ?`],
  userOrNobody: (prefix) => [`${prefix}user_id in ( ? , '' )`],
  now: (prefix) => [`${prefix}expires_at is null or ${prefix}expires_at > ?`],
};

/** The parts of an expression that must all be true. */
function conjuncts(nodes: readonly Node[]): Node[][] {
  if (nodes.length === 1 && nodes[0].kind === 'group') return conjuncts(nodes[0].nodes);
  // Where these stand an AND means something else, or less.
  if (nodes.some((node) => isWord(node, 'or', 'between', 'case'))) return [[...nodes]];
  const parts = splitAt(nodes, (node) => isWord(node, 'and'));
  return parts.length === 1 ? parts : parts.flatMap(conjuncts);
}

/** Nodes as text in one spelling: names without quotes, a column and its alias in one, every parameter as `?`. */
function spell(nodes: readonly Node[]): string {
  const words = flatten(nodes).map(({ kind, text }) => {
    if (kind === 'parameter') return '?';
    if (kind === 'string') return `'${text}'`;
    // A name that holds a space or a sign could look like something else.
    return kind === 'quoted' && !/^\w+$/.test(text) ? `"${text}"` : text;
  });
  return words.join(' ').replaceAll(' . ', '.');
}

function flatten(nodes: readonly Node[]): Token[] {
  const bracket = (text: string): Token => ({ kind: 'punctuation', text, ordinal: -1 });
  return nodes.flatMap((node) =>
    node.kind === 'group' ? [bracket('('), ...flatten(node.nodes), bracket(')')] : [node],
  );
}
