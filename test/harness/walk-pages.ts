import { expect } from 'vitest';
import { jsonParts } from '../../src/http/json-parts.js';
import type { Client } from './app.js';

/** More than any list of a test has pages. */
const MOST_PAGES = 1_000;

/** Walks through a list to its end. @returns the items, each as it was written */
export async function walkPages(client: Client, list: string): Promise<string[]> {
  const items: string[] = [];
  let cursor: string | null = '';
  for (let page = 1; cursor !== null; page += 1) {
    if (page > MOST_PAGES) throw new Error(`${list} does not end`);
    const after = cursor === '' ? '' : `${list.includes('?') ? '&' : '?'}cursor=${cursor}`;
    const { status, text, body } = await client.get(list + after);
    expect([status, status === 200 ? '' : text]).toEqual([200, '']);
    const [first] = jsonParts(text);
    expect(first.startsWith('"items":')).toBe(true);
    items.push(...jsonParts(first.slice('"items":'.length)));
    cursor = (body as { next_cursor: string | null }).next_cursor;
  }
  return items;
}
