import { SqlLexer, type Token, textOf } from './pg-dump-lexer.js';
import { PgDumpError } from './pg-dump.error.js';

/** Reads parts of statements that most of them have, and passes over what is of no interest. */
export class SqlStatements extends SqlLexer {
  /** A name, quoted or not. @throws PgDumpError for anything else */
  nameOf(token: Token): string {
    if (token.kind === 'word' || token.kind === 'name') return token.text;
    throw new PgDumpError(token.line, 'a name is expected here');
  }

  /** Names behind an opening parenthesis. */
  async names(): Promise<string[]> {
    const names: string[] = [];
    for (let token = await this.next(); ; token = await this.next()) {
      if (names.length === 0 && isSign(token, ')')) return names;
      names.push(this.nameOf(token));
      const behind = await this.next();
      if (isSign(behind, ')')) return names;
      if (!isSign(behind, ',')) throw new PgDumpError(behind.line, 'a list of names is not understood');
    }
  }

  /** Up to the parenthesis that closes the one that was read. */
  async skipParentheses(): Promise<void> {
    for (let depth = 1; depth > 0;) {
      const token = await this.next();
      if (token.kind === 'end')
        throw new PgDumpError(token.line, 'the dump breaks off in the midst of a row');
      if (isSign(token, '(')) depth += 1;
      if (isSign(token, ')')) depth -= 1;
    }
  }

  /** What is left of a short statement, without its semicolon. */
  async rest(): Promise<Token[]> {
    const tokens: Token[] = [];
    await this.skipFrom(await this.next(), false, (token) => {
      if (tokens.length < 64) tokens.push(token);
    });
    return tokens;
  }

  /** Up to the end of the statement. @param isFunction whether it may have a body in SQL */
  async skip(isFunction = false): Promise<void> {
    await this.skipFrom(await this.next(), isFunction);
  }

  /**
   * Up to the semicolon that ends the statement: not one in parentheses, nor one in the body of a function in SQL.
   *
   * @param isFunction whether it may have such a body
   */
  async skipFrom(first: Token, isFunction = false, take?: (token: Token) => void): Promise<void> {
    let [depth, blocks] = [0, 0];
    for (let token = first; ; token = await this.next()) {
      if (token.kind === 'end')
        throw new PgDumpError(token.line, 'the dump breaks off in the midst of a statement');
      if (isSign(token, ';') && depth <= 0 && blocks === 0) return;
      if (isSign(token, '(')) depth += 1;
      if (isSign(token, ')')) depth -= 1;
      if (isFunction && token.kind === 'word') {
        if (token.text === 'begin' || (token.text === 'case' && blocks > 0)) blocks += 1;
        if (token.text === 'end' && blocks > 0) blocks -= 1;
      }
      take?.(token);
    }
  }
}

export function isSign(token: Token, text: string): boolean {
  return token.kind === 'sign' && token.text === text;
}

/** What a token says, whatever its kind; empty at the end. */
export function wordOf(token: Token | undefined): string {
  if (token === undefined || token.kind === 'end') return '';
  return token.kind === 'string' ? textOf(token) : token.text;
}

/** A word of SQL; what is none may be a part of a value. */
export function shown(text: string): string {
  return /^[a-z_]{1,20}$/i.test(text) ? text.toUpperCase() : 'something else';
}

/** What pg_dump does not write. */
export function strange(line: number, what: string): PgDumpError {
  return new PgDumpError(line, `${what} is nothing that pg_dump writes, and is not understood`);
}
