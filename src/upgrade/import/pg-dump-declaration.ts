import { type SqlStatements, isSign, wordOf } from './pg-dump-statements.js';
import { PgDumpError } from './pg-dump.error.js';

/** Words with which a part of a declaration begins that is no column. */
export const NO_COLUMN = new Set(['constraint', 'primary', 'foreign', 'unique', 'check', 'exclude', 'like']);
/** Words with which a column's type has come to its end. */
const BEHIND_TYPE = new Set([
  ...['not', 'null', 'default', 'collate', 'constraint', 'generated', 'primary', 'unique', 'check'],
  ...['references', 'storage', 'compression'],
]);

/** The columns of a declaration, with their types as far as they are words; up to its closing parenthesis. */
export async function columnsOf(statements: SqlStatements): Promise<Map<string, string>> {
  const columns = new Map<string, string>();
  for (let isLast = false; !isLast;) {
    const first = await statements.next();
    const isColumn = first.kind === 'name' || (first.kind === 'word' && !NO_COLUMN.has(first.text));
    const type: string[] = [];
    let isType = isColumn;
    for (
      let depth = 0, token = isColumn ? await statements.next() : first;
      ;
      token = await statements.next()
    ) {
      if (token.kind === 'end') throw new PgDumpError(token.line, 'a declaration of a table has no end');
      if (depth === 0 && (isSign(token, ',') || isSign(token, ')'))) {
        isLast = isSign(token, ')');
        break;
      }
      if (isSign(token, '(')) depth += 1;
      if (isSign(token, ')')) depth -= 1;
      if (token.kind === 'word' && BEHIND_TYPE.has(token.text)) isType = false;
      if (isType) type.push(wordOf(token));
    }
    if (isColumn) columns.set(wordOf(first), type.join(''));
  }
  return columns;
}
