import { LONGEST_LIST, padded } from '../../tenancy/padded-list.js';

/** Asks for many values in statements of a few lengths. */
export async function inLists<Found>(
  values: Iterable<string>,
  ask: (some: string[]) => Promise<Found[]>,
): Promise<Found[]> {
  const wanted = [...new Set(values)];
  const found: Found[] = [];
  for (let at = 0; at < wanted.length; at += LONGEST_LIST) {
    found.push(...(await ask(padded(wanted.slice(at, at + LONGEST_LIST)))));
  }
  return found;
}
