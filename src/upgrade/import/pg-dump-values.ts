import { type SqlLexer, type Token, textOf } from './pg-dump-lexer.js';
import { PgDumpError } from './pg-dump.error.js';

/**
 * Reads a value of INSERT, as the text that PostgreSQL itself writes for it: a string, a number, true or false, NULL, or
 * an array of these, with or without a type behind it.
 *
 * @returns with the token behind it
 * @throws PgDumpError for anything else, such as a function
 */
export async function insertedValue(lexer: SqlLexer): Promise<{ value: string | null; next: Token }> {
  const first = await lexer.next();
  const value =
    first.kind === 'word' && first.text === 'array' ? await arrayText(lexer) : await plainValue(lexer, first);
  return { value, next: await behindType(lexer) };
}

async function plainValue(lexer: SqlLexer, first: Token): Promise<string | null> {
  switch (first.kind) {
    case 'string':
      return textOf(first);
    case 'number':
      return first.text;
    case 'sign': {
      if (first.text !== '-' && first.text !== '+') break;
      const number = await lexer.next();
      if (number.kind === 'number') return (first.text === '-' ? '-' : '') + number.text;
      break;
    }
    case 'word':
      if (first.text === 'null') return null;
      // As COPY has them.
      if (first.text === 'true') return 't';
      if (first.text === 'false') return 'f';
      break;
  }
  throw new PgDumpError(
    first.line,
    'a value is not understood: it is no string, number, array, true, false or NULL',
  );
}

/** The text of an array of values behind the word ARRAY. */
async function arrayText(lexer: SqlLexer): Promise<string> {
  const open = await lexer.next();
  if (open.kind !== 'sign' || open.text !== '[')
    throw new PgDumpError(open.line, 'an array is not understood');
  const items: string[] = [];
  for (;;) {
    const first = await lexer.next();
    if (items.length === 0 && first.kind === 'sign' && first.text === ']') return '{}';
    if (first.kind === 'sign' && first.text === '[')
      throw new PgDumpError(first.line, 'an array of arrays is not understood');
    const value = await plainValue(lexer, first);
    items.push(value === null ? 'NULL' : `"${value.replaceAll(/["\\]/g, '\\$&')}"`);
    const next = await behindType(lexer);
    if (next.kind === 'sign' && next.text === ']') return `{${items.join(',')}}`;
    if (next.kind !== 'sign' || next.text !== ',')
      throw new PgDumpError(next.line, 'an array is not understood');
  }
}

/** Passes over the types that a value is cast to. @returns the token behind them */
async function behindType(lexer: SqlLexer): Promise<Token> {
  let token = await lexer.next();
  while (token.kind === 'sign' && token.text === '::') {
    token = await lexer.next();
    for (let depth = 0; ; token = await lexer.next()) {
      const { kind } = token;
      if (kind === 'word' || kind === 'name') continue;
      if (kind === 'number' && depth > 0) continue;
      const text = kind === 'sign' ? token.text : '';
      if (text === '.' || (text === ',' && depth > 0)) continue;
      if (text === '(' || text === '[') depth += 1;
      else if ((text === ')' || text === ']') && depth > 0) depth -= 1;
      else break;
    }
  }
  return token;
}
