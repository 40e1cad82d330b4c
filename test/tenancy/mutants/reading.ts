import { type Mutant, ANALYSIS, SQL_CONDITIONS, SOURCES, WRITES, TOKENS, paths } from './mutant.js';

/** The reading of statements, on which the last look rests. */
export const reading: readonly Mutant[] = [
  paths('reading: a table may be named anywhere', {
    file: ANALYSIS,
    find: 'if (names && !qualifies',
    replace: 'if (false && names && !qualifies',
  }),
  paths('reading: row numbers and counters may be read', {
    file: ANALYSIS,
    find: 'if (telling) throw',
    replace: 'if (telling && false) throw',
  }),
  paths('reading: any table may be read', {
    file: SOURCES,
    find: 'if (!isTable && (name === undefined || !ctes.has(name))) throw',
    replace: 'if (name === undefined) throw',
  }),
  paths('reading: the condition of a join is everybody’s', {
    file: SOURCES,
    find: 'for (const source of operand.sources) source.on.push(on);',
    replace: 'for (const source of [...sources, ...operand.sources]) source.on.push(on);',
  }),
  paths('reading: a FULL JOIN is as good as any', {
    file: SOURCES,
    find: "isWord(nodes[i], 'left', 'inner', 'cross')",
    replace: "isWord(nodes[i], 'left', 'inner', 'cross', 'full')",
  }),
  paths('reading: OR is as good as AND', {
    file: SQL_CONDITIONS,
    find: "isWord(node, 'or', 'between', 'case')",
    replace: "isWord(node, 'between', 'case')",
  }),
  paths('reading: the AND of a BETWEEN is an AND', {
    file: SQL_CONDITIONS,
    find: "isWord(node, 'or', 'between', 'case')",
    replace: "isWord(node, 'or', 'case')",
  }),
  paths('reading: the AND of a CASE is an AND', {
    file: SQL_CONDITIONS,
    find: "isWord(node, 'or', 'between', 'case')",
    replace: "isWord(node, 'or', 'between')",
  }),
  paths('reading: a condition may be part of another', {
    file: SQL_CONDITIONS,
    find: "(alone && patterns('').includes(text))",
    replace: "(alone && patterns('').some((pattern) => text.includes(pattern)))",
  }),
  paths('reading: a second ON CONFLICT may follow', {
    file: WRITES,
    find: 'if (more.length > 0 || set.some((node) => isWord(node, ...OTHER_PARTS))) throw',
    replace: 'if (more.length > 0) throw',
  }),
  paths('reading: names in square brackets', {
    file: TOKENS,
    find: "'`', '[', ';'",
    replace: "'`', ';'",
  }),
];
