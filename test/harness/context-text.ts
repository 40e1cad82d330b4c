/** A text of POST /v1/memories/context taken apart. */
export interface ContextGroup {
  readonly date: string;
  readonly memories: readonly { readonly speaker: string | undefined; readonly content: string }[];
}

/**
 * Reads a context text by its rules alone, as a program that gets it would: nothing in a content may lead it
 * astray.
 *
 * @param contents what the memories hold, to tell a speaker that is shown from a content with a colon in it
 * @throws Error for what is no such text
 */
export function readContext(text: string, contents: ReadonlySet<string>): ContextGroup[] {
  const lines = text === '' ? [] : text.split('\n');
  const groups: { date: string; memories: { speaker: string | undefined; content: string }[] }[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    if (at === 0 || lines[at] === '') {
      if (at > 0) at += 1;
      if (!/^\d{4,6}-\d\d-\d\d$/.test(lines[at])) throw new Error(`No date: ${lines[at]}`);
      groups.push({ date: lines[at], memories: [] });
      continue;
    }
    if (!lines[at].startsWith('- ')) throw new Error(`No memory: ${lines[at]}`);
    const line = lines[at].slice(2);
    const fence = /^(?:(.+): )?("{3,})$/.exec(line);
    let said: { speaker: string | undefined; content: string };
    if (fence) {
      const end = lines.indexOf(fence[2], at + 1);
      if (end < 0) throw new Error('No end');
      said = { speaker: fence[1], content: lines.slice(at + 1, end).join('\n') };
      at = end;
    } else {
      said = partsOf(line, contents);
    }
    groups[groups.length - 1].memories.push(said);
  }
  return groups;
}

function partsOf(line: string, contents: ReadonlySet<string>) {
  if (contents.has(line)) return { speaker: undefined, content: line };
  for (let colon = line.indexOf(': '); colon >= 0; colon = line.indexOf(': ', colon + 1)) {
    const content = line.slice(colon + 2);
    if (contents.has(content)) return { speaker: line.slice(0, colon), content };
  }
  throw new Error(`No memory: ${line}`);
}
