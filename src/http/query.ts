/** A parsed query: a value is a string, or a list where the name was repeated. */
export type Query = Record<string, string | string[]>;

/** Under this name, the first parameter that is not percent-encoded UTF-8. */
export const UNDECODABLE = Symbol('undecodable');

/**
 * Reads a query string. It cannot refuse (Fastify calls it before anything could catch an error), so it notes
 * what does not decode for `RequestShapeGuard`. Names stand for themselves: no brackets, no nesting.
 */
export function parseQuery(text: string): Query {
  const query = Object.create(null) as Query & { [UNDECODABLE]?: string };
  for (const part of text.split('&')) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    const rawName = equals < 0 ? part : part.slice(0, equals);
    const name = decode(rawName);
    const value = equals < 0 ? '' : decode(part.slice(equals + 1));
    if (name === undefined || value === undefined) {
      query[UNDECODABLE] ??= name ?? rawName;
      continue;
    }
    const before = query[name];
    if (before === undefined) query[name] = value;
    else if (typeof before === 'string') query[name] = [before, value];
    else before.push(value);
  }
  return query;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}
