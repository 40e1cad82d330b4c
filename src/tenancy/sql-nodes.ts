import { TextCache } from '../database/text-cache.js';
import { type Token, tokenise } from './sql-tokens.js';

/** What stands between a pair of brackets. */
export interface Group {
  readonly kind: 'group';
  readonly nodes: readonly Node[];
}

export type Node = Token | Group;

/** Tokens as a tree of brackets; undefined when the brackets do not match. */
export function nest(tokens: readonly Token[]): Node[] | undefined {
  const levels: Node[][] = [[]];
  for (const token of tokens) {
    const isBracket = token.kind === 'punctuation';
    if (isBracket && token.text === '(') {
      levels.push([]);
    } else if (isBracket && token.text === ')') {
      const nodes = levels.pop()!;
      if (levels.length === 0) return undefined;
      levels[levels.length - 1].push({ kind: 'group', nodes });
    } else {
      levels[levels.length - 1].push(token);
    }
  }
  return levels.length === 1 ? levels[0] : undefined;
}

const judged = new TextCache<boolean>();

/**
 * Whether a fragment stays inside the brackets that are put around it: its own brackets close in order, and
 * no comment or quote reaches beyond its end.
 */
export function isSelfContained(fragment: string): boolean {
  return judged.get(fragment, staysInside);
}

function staysInside(fragment: string): boolean {
  if (fragment.includes('--') || fragment.includes('/*')) return false;
  const tokens = tokenise(fragment);
  return tokens !== undefined && nest(tokens) !== undefined;
}

/** Whether a node is one of these keywords. */
export function isWord(node: Node | undefined, ...words: readonly string[]): boolean {
  return node?.kind === 'word' && words.includes(node.text);
}

/** Whether these keywords follow each other from a place on. */
export function wordAt(nodes: readonly Node[], start: number, ...words: readonly string[]): boolean {
  return words.every((word, i) => isWord(nodes[start + i], word));
}

/** The name that a node can stand for; SQLite takes a string for one too. */
export function nameOf(node: Node | undefined): string | undefined {
  return node?.kind === 'word' || node?.kind === 'quoted' || node?.kind === 'string' ? node.text : undefined;
}

/** What stands between the nodes that separate. */
export function splitAt(nodes: readonly Node[], separates: (node: Node) => boolean): Node[][] {
  const parts: Node[][] = [[]];
  for (const node of nodes) {
    if (separates(node)) parts.push([]);
    else parts[parts.length - 1].push(node);
  }
  return parts;
}

/** Whether a node is this sign. */
export function isPunctuation(node: Node | undefined, text: string): boolean {
  return node?.kind === 'punctuation' && node.text === text;
}

export function isComma(node: Node | undefined): boolean {
  return isPunctuation(node, ',');
}
