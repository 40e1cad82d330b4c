/** Differences of numbers that are none: sums of the same terms, in another order. */
const TOLERANCE = 1e-9;
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g;
/** A time that is the service's own; those of these tests are long ago or far off. */
const DAY_MS = 86_400_000;
const isNow = (value: number) => Math.abs(value - Date.now()) < DAY_MS;
/** Of the headers, what follows from the body or from a time. */
const OF_THE_BODY = new Set(['content-length', 'date', 'etag']);

/**
 * What a service has answered, so that another gives the same: ids that a service has drawn are numbered as they
 * appear, and a time at which it has written something is `now`.
 *
 * @param ids those that this service has drawn so far
 */
export function normalised(answer: unknown, ids: Map<string, string>): unknown {
  const text = JSON.stringify(answer ?? null, (name, value: unknown) => {
    if (OF_THE_BODY.has(name)) return undefined;
    if (name === 'next_cursor' && typeof value === 'string') {
      const parts: unknown = JSON.parse(Buffer.from(value, 'base64url').toString());
      return { cursor: parts };
    }
    return typeof value === 'number' && isNow(value) ? 'now' : value;
  });
  const numbered = text.replaceAll(UUID, (id) => {
    if (!ids.has(id)) ids.set(id, `#${ids.size}`);
    return ids.get(id)!;
  });
  return JSON.parse(numbered);
}

/** Where two answers differ: the path of the first place, and what is there. */
export function differenceOf(one: unknown, other: unknown, path = ''): string | undefined {
  if (typeof one === 'number' && typeof other === 'number') {
    return Math.abs(one - other) <= TOLERANCE ? undefined : `${path}: ${one}, ${other}`;
  }
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return one === other ? undefined : `${path}: ${JSON.stringify(one)}, ${JSON.stringify(other)}`;
  }
  const [names, others] = [Object.keys(one), Object.keys(other)];
  // The order of names is part of an answer.
  if (names.join('\n') !== others.join('\n')) return `${path}: {${names.join()}}, {${others.join()}}`;
  for (const name of names) {
    const values = [one, other].map((value) => (value as Record<string, unknown>)[name]);
    const difference = differenceOf(values[0], values[1], `${path}/${name}`);
    if (difference !== undefined) return difference;
  }
  return undefined;
}
