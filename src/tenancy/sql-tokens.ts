export interface Token {
  readonly kind: 'word' | 'quoted' | 'string' | 'parameter' | 'punctuation';
  /** Without its quotes and, but for punctuation, in lower case: names do not depend on case. */
  readonly text: string;
  /** For a parameter: its place in the list of values, from 0. */
  readonly ordinal: number;
}

const TOKEN =
  /("(?:[^"]|"")*"|`(?:[^`]|``)*`)|'((?:[^'\\]|'')*)'|(\/\*(?:(?!\/\*)[\s\S])*?\*\/|[ \t\n\f\r]+)|\$(\d+)|(\?)|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(\d[\w.]*)|(--|[\s\S])/gy;

/** What begins something that databases read in different ways, or that has no place in one statement. */
const UNREADABLE: ReadonlySet<string> = new Set(['"', "'", '`', '[', ';', '$', '--', '\\']);

/** The end of the text to some, white space or a part of a name to others. */
const ODD_CHARACTER = /[\0\v\ufeff]/;

/**
 * Splits SQL into tokens, leaving out comments and white space, which carry no condition.
 *
 * @returns undefined for SQL that could be read in another way than it is here: an open quote, a name in
 *   square brackets, a comment to the end of the line, a numbered parameter such as `?1`, a second statement
 */
export function tokenise(sql: string): Token[] | undefined {
  if (ODD_CHARACTER.test(sql)) return undefined;
  const tokens: Token[] = [];
  let ordinal = 0;
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(sql); match; match = TOKEN.exec(sql)) {
    const [, quoted, string, blank, numbered, mark, word, number, other = ''] = match;
    if (blank !== undefined) continue;
    if (quoted !== undefined) {
      tokens.push({ kind: 'quoted', text: quoted.slice(1, -1).toLowerCase(), ordinal: -1 });
    } else if (string !== undefined) {
      tokens.push({ kind: 'string', text: string.toLowerCase(), ordinal: -1 });
    } else if (numbered !== undefined) {
      tokens.push({ kind: 'parameter', text: '$', ordinal: Number(numbered) - 1 });
    } else if (mark !== undefined) {
      if (/\d/.test(sql[TOKEN.lastIndex] ?? '')) return undefined;
      tokens.push({ kind: 'parameter', text: '?', ordinal: ordinal++ });
    } else if (word !== undefined || number !== undefined) {
      tokens.push({ kind: 'word', text: (word ?? number ?? '').toLowerCase(), ordinal: -1 });
    } else {
      if (UNREADABLE.has(other)) return undefined;
      if (other === '/' && sql[TOKEN.lastIndex] === '*') return undefined;
      tokens.push({ kind: 'punctuation', text: other, ordinal: -1 });
    }
  }
  return tokens;
}
