import { isWord, nest } from './sql-nodes.js';
import { type TableUse, refused } from './sql-reading.js';
import { StatementReader } from './sql-statement.js';
import { type Token, tokenise } from './sql-tokens.js';

/** Names whose values depend on what other vaults have written. */
const TELLING = new Set(
  'rowid _rowid_ oid changes total_changes last_insert_rowid ctid tableoid xmin xmax cmin cmax'.split(' '),
);

/**
 * Functions of PostgreSQL that carry out SQL from a text, set what row-level security goes by, or tell of the whole
 * database.
 */
const REACHING =
  /^(?:pg_.*|txid_.*|.*_to_xml.*|set_config|current_setting|ts_stat|ts_rewrite|lo_.*|dblink.*|nextval|setval|currval|lastval)$/;

/**
 * Reads where a statement works with tenant tables, and which conditions hold there without exception. What
 * it cannot read, or finds in an unusual place, it refuses: it judges the SQL that query builders write.
 *
 * @param tables the tenant tables' names, in lower case
 * @param schema where they are, in lower case; undefined where there are no schemas
 * @throws TenancyViolationError for what cannot be judged
 */
export function analyse(sql: string, tables: ReadonlySet<string>, schema?: string): TableUse[] {
  const tokens = withoutSchema(tokenise(sql), tables, schema);
  const nodes = tokens && nest(tokens);
  if (!tokens || !nodes) throw refused('it cannot be read with certainty');
  const telling = tokens.find(
    ({ kind, text }) => (kind === 'word' || kind === 'quoted') && (TELLING.has(text) || REACHING.test(text)),
  );
  if (telling) throw refused(`"${telling.text}" tells of other vaults`);
  const reader = new StatementReader(tables);
  reader.statement(nodes, new Set());
  tokens.forEach((token, i) => {
    const names = token.kind !== 'punctuation' && token.kind !== 'parameter' && tables.has(token.text);
    const qualifies = tokens[i + 1]?.kind === 'punctuation' && tokens[i + 1].text === '.';
    if (names && !qualifies && !reader.placed.has(token) && !isWord(tokens[i - 1], 'as')) {
      throw refused(`it names "${token.text}" in an unusual place`);
    }
  });
  return reader.uses;
}

/** Takes the schema off the names of tenant tables. Those of another are left as they are, and then refused. */
function withoutSchema(
  tokens: Token[] | undefined,
  tables: ReadonlySet<string>,
  schema: string | undefined,
): Token[] | undefined {
  if (schema === undefined || !tokens) return tokens;
  const isDot = (token: Token | undefined) => token?.kind === 'punctuation' && token.text === '.';
  const isPrefix = (at: number) =>
    tokens[at]?.kind === 'quoted' &&
    tokens[at].text === schema &&
    isDot(tokens[at + 1]) &&
    tokens[at + 2]?.kind === 'quoted' &&
    tables.has(tokens[at + 2].text) &&
    !isDot(tokens[at - 1]);
  return tokens.filter((_, at) => !isPrefix(at) && !(at > 0 && isPrefix(at - 1)));
}
