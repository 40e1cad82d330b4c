/** Stored JSON as an array of its strings; what is none (old rows may hold anything) reads as empty. */
export function jsonStrings(text: string): string[] {
  const value = parse(text);
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}

/** Stored JSON as an object; what is none reads as `{}`. */
export function jsonObject(text: string): Record<string, unknown> {
  const value = parse(text);
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
