import { UsageError } from './command.js';

/**
 * The names in lists such as `a,b` or `a,"odd, name"`: one with a comma, a space at its end or a quotation mark
 * stands in quotation marks, its own doubled.
 *
 * @throws UsageError
 */
export function readTableList(lists: readonly string[]): string[] {
  return [...new Set(lists.flatMap(readList))];
}

function readList(list: string): string[] {
  const item = /\s*(?:"((?:[^"]|"")*)"|([^",]*?))\s*(?:,|$)/y;
  const names: string[] = [];
  for (;;) {
    const { lastIndex } = item;
    const match = item.exec(list);
    const name = match && (match[1]?.replaceAll('""', '"') ?? match[2]);
    if (!name) {
      throw new UsageError(
        `--tables: no name can be read at character ${lastIndex + 1} of ${JSON.stringify(list)}.`,
      );
    }
    names.push(name);
    if (item.lastIndex >= list.length && !match[0].endsWith(',')) return names;
  }
}
