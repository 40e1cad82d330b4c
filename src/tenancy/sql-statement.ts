import { conditionsOn } from './sql-conditions.js';
import { type Node, isComma, isWord, nameOf, splitAt } from './sql-nodes.js';
import { type Reading, type TableUse, isQuery, refused } from './sql-reading.js';
import { CLAUSES, type Source, readSources } from './sql-sources.js';
import type { Token } from './sql-tokens.js';
import { readDelete, readInsert, readUpdate } from './sql-writes.js';

/**
 * Reads a statement as far as query builders write them: where it works with tenant tables, and which
 * conditions hold there. What it does not know it refuses.
 */
export class StatementReader implements Reading {
  readonly uses: TableUse[] = [];
  readonly placed = new Set<Token>();

  constructor(readonly tables: ReadonlySet<string>) {}

  statement(nodes: readonly Node[], ctes: ReadonlySet<string>): void {
    const known = new Set(ctes);
    const rest = isWord(nodes[0], 'with') ? this.with(nodes, known) : nodes;
    if (isWord(rest[0], 'select', 'values')) return this.compound(rest, known);
    const [write, ...returning] = splitAt(rest, (node) => isWord(node, 'returning'));
    for (const expression of returning) this.expression(expression, known);
    if (isWord(rest[0], 'insert')) readInsert(this, write, known);
    else if (isWord(rest[0], 'update')) readUpdate(this, write, known);
    else if (isWord(rest[0], 'delete')) readDelete(this, write, known);
    else throw refused('only SELECT, INSERT, UPDATE and DELETE run in a tenant context');
  }

  expression(nodes: readonly Node[], ctes: ReadonlySet<string>): void {
    for (const node of nodes) {
      if (node.kind !== 'group') continue;
      if (isQuery(node)) this.statement(node.nodes, ctes);
      else this.expression(node.nodes, ctes);
    }
  }

  /** @returns what follows the common table expressions, whose names become known */
  private with(nodes: readonly Node[], known: Set<string>): readonly Node[] {
    const recursive = isWord(nodes[1], 'recursive');
    for (let i = recursive ? 2 : 1; ; i++) {
      const name = nameOf(nodes[i++]);
      if (name === undefined || this.tables.has(name)) throw refused('the name of its WITH is not usable');
      if (nodes[i]?.kind === 'group') i++;
      for (const word of ['as', 'not', 'materialized']) if (isWord(nodes[i], word)) i++;
      const body = nodes[i++];
      if (body?.kind !== 'group') throw refused('its WITH is unusual');
      if (recursive) known.add(name);
      this.statement(body.nodes, known);
      known.add(name);
      if (!isComma(nodes[i])) return nodes.slice(i);
    }
  }

  private compound(nodes: readonly Node[], ctes: ReadonlySet<string>): void {
    for (const part of splitAt(nodes, (node) => isWord(node, 'union', 'except', 'intersect'))) {
      const select = isWord(part[0], 'all') ? part.slice(1) : part;
      if (isWord(select[0], 'select')) this.select(select, ctes);
      else if (isWord(select[0], 'values')) this.expression(select, ctes);
      else throw refused('only selections can be combined');
    }
  }

  private select(nodes: readonly Node[], ctes: ReadonlySet<string>): void {
    const clauses = new Map<string, Node[]>();
    let last = -1;
    for (const [i, node] of nodes.entries()) {
      const clause = CLAUSES.findIndex((word) => isWord(node, word));
      if (clause < 0 || (isWord(node, 'from') && isWord(nodes[i - 1], 'distinct'))) {
        clauses.get(CLAUSES[last])!.push(node);
        continue;
      }
      if (clause <= last) throw refused('its clauses are out of order');
      last = clause;
      clauses.set(CLAUSES[clause], []);
    }
    const from = clauses.get('from') ?? [];
    clauses.delete('from');
    for (const clause of clauses.values()) this.expression(clause, ctes);
    const sources = from.length > 0 ? readSources(this, from, ctes) : [];
    this.readFrom(sources, clauses.get('where') ?? []);
  }

  private readFrom(sources: readonly Source[], where: readonly Node[]): void {
    const aliases = new Set(sources.map(({ alias }) => alias));
    if (aliases.size < sources.length) throw refused('two tables share an alias');
    for (const { table, alias, on } of sources) {
      if (table === undefined) continue;
      const conditions = conditionsOn(alias, sources.length === 1, [...on, where]);
      this.uses.push({ table, role: 'read', conditions, rows: [], assigned: [] });
    }
  }
}
