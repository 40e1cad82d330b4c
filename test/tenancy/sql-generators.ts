import fc from 'fast-check';

const oneOf = (...texts: string[]) => fc.constantFrom(...texts);

/** Ways to write the same that readers of SQL may take for something else. */
const gap = oneOf(
  ' ',
  ' ',
  '\n',
  '\t',
  '/**/',
  " /* ' */ ",
  ' -- "\n',
  ' /* -- */ ',
  '\u00a0',
  '\ufeff ',
  '\v',
  ' /* /* */ ',
);
const table = oneOf(
  ...[
    'facts',
    'facts',
    '"facts"',
    '`facts`',
    '[facts]',
    "'facts'",
    'FACTS',
    'main.facts',
    '"main" . facts',
    'main./**/facts',
  ],
  ...[
    'stats',
    'sqlite_schema',
    "pragma_table_info('facts')",
    "json_each('[1]')",
    '(SELECT 1 AS id)',
    '(facts)',
    '"fac" "ts"',
  ],
);
const alias = oneOf(
  ...[
    '',
    '',
    'f',
    'AS f',
    'AS "f"',
    "AS '.'",
    "'.'",
    '"."',
    '[.]',
    "['] AS x",
    "[']",
    "AS [']",
    'AS "--"',
    '"/*"',
    "'--'",
    'AS facts',
    'AS stats',
    'indexed',
  ],
);

const grammar = fc.letrec<{ select: string; value: string; source: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    oneOf(
      '1',
      '*',
      'id',
      "''",
      "'it''s'",
      "'--'",
      "'/*'",
      '"/*"',
      "[']",
      "x''",
      '?',
      '$1',
      '?1',
      ':a',
      '1e1',
      "'\\'",
      '`a`',
      '"a""b"',
      '*/',
    ),
    tie('select').map((select) => `(${select})`),
    tie('select').map((select) => `EXISTS(${select})`),
    tie('select').map((select) => `1 IN (${select})`),
    table.map((name) => `(1, 2, 3, 4, 5, 6) IN ${name}`),
    fc
      .tuple(tie('value'), oneOf('=', '||', 'AND', 'OR', 'IS', '->>'), tie('value'))
      .map((parts) => parts.join(' ')),
    tie('value').map((value) => `(${value})`),
    tie('value').map((value) => `CASE WHEN ${value} THEN 1 END`),
  ),
  source: fc.oneof(
    { maxDepth: 2 },
    fc.tuple(table, gap, alias).map((parts) => parts.join('')),
    fc
      .tuple(
        tie('source'),
        oneOf(',', ' JOIN ', ' LEFT JOIN ', ' NATURAL JOIN ', ' CROSS JOIN '),
        tie('source'),
      )
      .map((parts) => parts.join('')),
    fc.tuple(tie('source'), tie('source'), tie('value')).map(([a, b, on]) => `${a} LEFT JOIN ${b} ON ${on}`),
    tie('source').map((source) => `(${source})`),
    tie('select').map((select) => `(${select}) s`),
  ),
  select: fc
    .tuple(
      fc.tuple(gap, tie('value'), oneOf('', '', ' AS a', " AS [']", " '.'"), gap),
      tie('source'),
      fc.oneof(
        fc.constant(''),
        tie('value').map((value) => ` WHERE ${value}`),
      ),
      fc.oneof(
        { weight: 4, arbitrary: oneOf('', " WHERE '' = [']", ' -- \r', ' ORDER BY 1', ' GROUP BY 1') },
        tie('select').map((select) => ` UNION ${select}`),
      ),
    )
    .map(([head, source, where, end]) => `SELECT${head.join('')}FROM ${source}${where}${end}`),
}));

/** Statements, most of which no database takes. */
export const written = fc.oneof(
  { weight: 6, arbitrary: grammar.select },
  fc.tuple(grammar.select, grammar.select).map(([cte, select]) => `WITH c AS (${cte}) ${select}`),
  fc
    .tuple(table, grammar.value, grammar.value)
    .map(([name, value, where]) => `UPDATE ${name} SET object = ${value} WHERE ${where}`),
  fc.tuple(table, grammar.value).map(([name, where]) => `DELETE FROM ${name} WHERE ${where}`),
  fc.tuple(table, grammar.value).map(([name, value]) => `INSERT INTO ${name}(id) VALUES (${value})`),
);

/** Pieces in no order at all. */
const piece = oneOf(
  ...'SELECT FROM WHERE AND OR NOT IN AS , ( ) ( ) * . = ? WITH x JOIN LEFT ON UNION EXISTS VALUES CASE WHEN END'.split(
    ' ',
  ),
  ...`facts "facts" [facts] 'facts' main f "f" id 1 ' " [ ] /* */ -- \n /**/ '' $1 vault_id`.split(' '),
);
export const anything = fc
  .tuple(oneOf('SELECT ', 'SELECT 1 FROM facts ', ''), fc.array(piece, { maxLength: 8 }), oneOf(' ', ''))
  .map(([start, pieces, between]) => start + pieces.join(between));

/** How a database writes what the statements below are made of. */
export interface Dialect {
  /** What is true wherever a condition may stand. */
  readonly yes: string;
  readonly no: string;
  /** Whether two conditions are equally true. */
  readonly same: string;
  /** All the texts of a group in one. */
  readonly joined: string;
  /** The key of `facts`: by it, PostgreSQL knows that a group is of one row. */
  readonly key: string;
}

export const SQLITE: Dialect = {
  yes: '1',
  no: '0',
  same: 'IS NOT',
  joined: 'group_concat(f.object ORDER BY f.object)',
  key: 'f.id',
};

/** Numbers are no conditions to PostgreSQL, which refuses a text that makes one of them before it reads a row. */
export const POSTGRES: Dialect = {
  yes: 'TRUE',
  no: 'FALSE',
  same: 'IS NOT DISTINCT FROM',
  joined: `string_agg(f.object, ' ' ORDER BY f.object)`,
  key: 'f."vault_id", f.id',
};

/** Boolean expressions over the columns of `facts` with the alias f, the scope's conditions among them. */
function expressionsOf({ yes, no, same }: Dialect): fc.Arbitrary<string> {
  const leaf = oneOf(
    ...['f."vault_id" = :vault', 'f."vault_id" = :vault', 'f."user_id" = :user', 'f."user_id" = :user'],
    ...[`f."user_id" IN (:user, '')`, '1=1', '1=0', `f.object <> ''`, 'g.x = 1', yes],
  );
  const between = `${yes} BETWEEN ${no} AND`;
  /** Conditions in a row, without brackets. */
  const chain = fc
    .tuple(
      leaf,
      fc.array(fc.tuple(oneOf('AND', 'AND', 'OR', 'AND NOT', `AND ${between}`, same, '='), leaf), {
        maxLength: 4,
      }),
      oneOf('', '', 'NOT', `NOT ${between}`, `CASE WHEN ${yes} THEN ${yes} WHEN ${yes} AND`),
    )
    .map(([first, more, start]) => {
      const row = [start, first, ...more.flat()].join(' ');
      return start.startsWith('CASE') ? `${row} AND ${yes} THEN ${yes} END` : row;
    });
  return fc.letrec<{ expression: string }>((tie) => ({
    expression: fc.oneof(
      { maxDepth: 3 },
      chain,
      chain,
      fc
        .tuple(tie('expression'), oneOf('AND', 'AND', 'OR', '<>'), tie('expression'))
        .map((parts) => parts.join(' ')),
      fc.tuple(oneOf('', '', 'NOT '), tie('expression')).map(([not, inner]) => `${not}(${inner})`),
      tie('expression').map((inner) => `EXISTS (SELECT 1 FROM facts f WHERE ${inner})`),
      tie('expression').map((inner) => `coalesce(${inner}, ${yes})`),
    ),
  })).expression;
}

function conditionsOf(expression: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const scoped = expression.map((inner) => `(${inner}) AND (f."vault_id" = :vault AND f."user_id" = :user)`);
  return fc.oneof(expression, scoped, scoped);
}

/** Selections from `facts`, with conditions in any place; `:vault` and `:user` stand for the scope's own. */
export function selectionsIn(dialect: Dialect): fc.Arbitrary<string> {
  const expression = expressionsOf(dialect);
  const condition = conditionsOf(expression);
  return fc
    .tuple(
      oneOf('f.object', dialect.joined, 'count(*)', 'f.*'),
      fc.oneof(
        fc.constant('facts f'),
        fc.constant('facts f, (SELECT 1 AS x) g'),
        condition.map((on) => `(SELECT 1 AS x) g LEFT JOIN facts f ON ${on}`),
        condition.map((on) => `(SELECT 1 AS x) g INNER JOIN facts f ON ${on}`),
        condition.map((on) => `facts f LEFT JOIN (SELECT 1 AS x) g ON ${on}`),
        condition.map((on) => `(SELECT 1 AS x) g FULL JOIN facts f ON ${on}`),
        condition.map(
          (on) => `(SELECT 1 AS x) g LEFT JOIN (facts f INNER JOIN (SELECT 2 AS y) h ON 1=1) ON ${on}`,
        ),
        condition.map((where) => `(SELECT f.* FROM facts f WHERE ${where}) f`),
      ),
      condition,
      fc.oneof(
        fc.constant(''),
        condition.map((also) => ` GROUP BY ${dialect.key} HAVING ${also}`),
        expression.map((also) => ` ORDER BY ${also}`),
      ),
      fc.oneof(
        fc.constant(''),
        fc.constant(''),
        condition.map((where) => ` UNION ALL SELECT f.object FROM facts f WHERE ${where}`),
      ),
    )
    .map(
      ([selection, from, where, end, union]) =>
        `SELECT ${selection} FROM ${from} WHERE ${where}${union === '' ? end : union}`,
    );
}

/** Changes of `facts`. */
export function changesIn(dialect: Dialect): fc.Arbitrary<string> {
  return fc
    .tuple(
      oneOf(
        `UPDATE facts SET object = 'x'`,
        `UPDATE facts SET confidence = confidence + 1`,
        'DELETE FROM facts',
      ),
      conditionsOf(expressionsOf(dialect)),
    )
    .map(([start, where]) => `${start} WHERE ${where.replaceAll('f.', '')}`);
}

/** What somebody might put into a condition, whole or in pieces. */
export const fragment = fc.oneof(
  fc
    .array(
      oneOf(
        '1=1',
        '1=0',
        'AND',
        'OR',
        'NOT',
        '(',
        ')',
        ') OR (',
        '))',
        '((',
        "'",
        '"',
        '--',
        '/*',
        '*/',
        'm.id',
        '=',
        'f.id',
        'IS NULL',
        ' ',
        '\n',
        'UNION SELECT object, object FROM facts',
        'EXISTS (SELECT 1 FROM facts)',
        ';',
      ),
      {
        minLength: 1,
        maxLength: 8,
      },
    )
    .map((pieces) => pieces.join(' ')),
  oneOf('1=1', '1=1 OR 1=1', '1=0', "m.id <> ''", '1=1) OR (1=1', '(1=1) OR (1=1)'),
);
