import { jsonParts } from '../../../http/json-parts.js';
import { isObject } from '../../../memories/stored-json.js';
import { JsonRecord } from '../json-record.js';

/** An item of a page, as it is written in the answer. */
export interface Item {
  readonly text: string;
  readonly value: unknown;
}

export const PAGE_SIZE = 100;

/** The items of the first of these lists that an answer has; the answer itself may be a list. */
export function itemsIn(answer: string, ...lists: readonly string[]): Item[] {
  const value: unknown = JSON.parse(answer);
  if (Array.isArray(value)) return itemsOf(answer, value);
  if (!isObject(value)) return [];
  const name = lists.find((list) => Array.isArray(value[list]));
  if (name === undefined) return [];
  return itemsOf(new JsonRecord(answer, value).texts.get(name)!, value[name] as unknown[]);
}

function itemsOf(text: string, values: readonly unknown[]): Item[] {
  const texts = jsonParts(text);
  return values.map((value, i) => ({ text: texts[i], value }));
}

/**
 * All pages of a list, until one is empty, or the same as the one before: there are servers that give fewer than
 * they are asked for, and some that know no pages.
 *
 * @param ask page N, from 1 on
 */
export async function* pagesOf(ask: (page: number) => Promise<Item[]>): AsyncGenerator<Item[]> {
  let before: string | undefined;
  for (let page = 1; ; page += 1) {
    const items = await ask(page);
    const text = items.map((item) => item.text).join(',');
    if (items.length === 0 || text === before) return;
    yield items;
    before = text;
  }
}

/** A line of a file of records: an object with a list in it. */
export function lineOf(name: string, items: readonly Item[], beside = ''): string {
  return onOneLine(`{${beside}${JSON.stringify(name)}:[${items.map(({ text }) => text).join(',')}]}`);
}

/** Between its values JSON may have lines; inside of them it has none (RFC 8259 §7). */
export function onOneLine(json: string): string {
  return json.replace(/[\r\n]+/g, ' ');
}
