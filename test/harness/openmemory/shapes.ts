/**
 * Where keys and types of two JSON values differ, undefined where they do not. Every item of a list has to be like
 * one of the recorded list; where that is empty, it says nothing of items. What clients keep in the metadata of what
 * is listed is no matter of shape.
 *
 * @param path of the values, for the answer
 */
export function shapeDifference(recorded: unknown, now: unknown, path: string): string | undefined {
  if (kindOf(recorded) !== kindOf(now)) return `${path}: ${kindOf(now)}, not ${kindOf(recorded)}`;
  if (Array.isArray(recorded)) return itemsDifference(recorded, now as unknown[], path);
  if (typeof recorded !== 'object' || recorded === null) return undefined;
  if (/\]\.metadata$/.test(path)) return undefined;
  const names = [Object.keys(recorded), Object.keys(now as object)].map((keys) => keys.sort().join(' '));
  if (names[0] !== names[1]) return `${path}: {${names[1]}}, not {${names[0]}}`;
  for (const [name, value] of Object.entries(recorded)) {
    const found = shapeDifference(value, (now as Record<string, unknown>)[name], `${path}.${name}`);
    if (found) return found;
  }
  return undefined;
}

function itemsDifference(
  recorded: readonly unknown[],
  now: readonly unknown[],
  path: string,
): string | undefined {
  if (recorded.length === 0) return undefined;
  for (const [i, item] of now.entries()) {
    const found = recorded.map((one) => shapeDifference(one, item, `${path}[${i}]`));
    if (!found.includes(undefined)) return found[0];
  }
  return undefined;
}

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}
