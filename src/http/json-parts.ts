import { endOfString } from './json-scan.js';

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * The items of a JSON array, or the members of a JSON object with their names, each as it is written there.
 *
 * @param text valid JSON; of another value there are no parts
 */
export function jsonParts(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) {
      at = endOfString(text, at) - 1;
    } else if (char === OPEN_BRACKET || char === OPEN_BRACE) {
      if (depth === 0) start = at + 1;
      depth += 1;
    } else if (char === CLOSE_BRACKET || char === CLOSE_BRACE) {
      depth -= 1;
      if (depth === 0) parts.push(text.slice(start, at).trim());
    } else if (char === COMMA && depth === 1) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
  }
  // Between the brackets of an empty one there is nothing.
  return parts.length === 1 && parts[0] === '' ? [] : parts;
}
