// A string, with the colon that makes it a name if one follows; or a brace. Braces inside strings are part of
// the string's match.
const TOKENS = /("(?:[^"\\]|\\.)*")[ \t\r\n]*(:?)|[{}]/g;

/**
 * Whether an object anywhere in `json` has two members of the same name. Parsers differ in which of the two
 * they keep, and a signature covers both: what the signer read need not be what we read.
 *
 * @param json valid JSON
 */
export function hasDuplicateNames(json: string): boolean {
  const open: Set<string>[] = [];
  let names = new Set<string>();
  for (const [token, string, colon] of json.matchAll(TOKENS)) {
    if (token === '{') {
      open.push(names);
      names = new Set();
    } else if (token === '}') {
      names = open.pop() ?? names;
    } else if (colon) {
      const name = string.includes('\\') ? (JSON.parse(string) as string) : string.slice(1, -1);
      if (names.has(name)) return true;
      names.add(name);
    }
  }
  return false;
}
