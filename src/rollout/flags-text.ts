import { type Document, LineCounter, type Node, isMap, isScalar, parseDocument } from 'yaml';
import type { z } from 'zod';
import { type FlagDefinitions, flagDefinitions } from './flag-rules.js';

/** How many mistakes of a file are told at once. */
const MOST_TOLD = 5;

/** A text of flags cannot be used. The message says what is wrong and where. */
export class FlagsTextError extends Error {
  override readonly name = 'FlagsTextError';
}

/**
 * Reads a text of flags.
 *
 * @param form JSON is read by the same parser, which knows lines and sees names that are there twice
 * @throws FlagsTextError
 */
export function readFlagsText(text: string, form: 'json' | 'yaml'): FlagDefinitions {
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    schema: form === 'json' ? 'json' : 'core',
    prettyErrors: false,
  });
  const problem = document.errors.at(0) ?? document.warnings.at(0);
  if (problem) throw new FlagsTextError(`line ${lines.linePos(problem.pos[0]).line}: ${problem.message}`);
  if (form === 'json') checkJson(text);
  const read = flagDefinitions.safeParse(valueOf(document), { reportInput: true });
  if (read.success) return read.data.flags;

  const mistakes = read.error.issues
    .map((issue) => mistakeOf(issue, document, lines))
    .sort((a, b) => a.line - b.line)
    .map(({ line, sentence }) => `line ${line}, ${sentence}`);
  const more = mistakes.length - MOST_TOLD;
  throw new FlagsTextError(
    [...mistakes.slice(0, MOST_TOLD), ...(more > 0 ? [`and ${more} more`] : [])].join('; '),
  );
}

/** What YAML reads may be more than JSON allows: comments, a comma too many. */
function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (error) {
    // What the parser says beyond the place is a piece of the text.
    const [, position] = /at position (\d+)/.exec((error as Error).message) ?? [];
    const line = position === undefined ? '' : `line ${text.slice(0, Number(position)).split('\n').length}: `;
    throw new FlagsTextError(`${line}not valid JSON`);
  }
}

function valueOf(document: Document): unknown {
  try {
    return document.toJS();
  } catch {
    // Of aliases there may be few only, so that a small file cannot become a large one.
    throw new FlagsTextError('line 1: its aliases cannot be resolved');
  }
}

/** Where it is and what is wrong, with the value if that is a word somebody may have mistyped. */
function mistakeOf(
  issue: z.core.$ZodIssue,
  document: Document,
  lines: LineCounter,
): { line: number; sentence: string } {
  const { path, message, input } = issue;
  const keys = issue.code === 'unrecognized_keys' ? issue.keys : undefined;
  const last = path.at(-1);
  // A flag's default may stand by itself.
  const given = last === 'default' && !document.hasIn(path) ? path.slice(0, -1) : path;
  const offset = keyOffset(document.getIn(path), keys?.[0]) ?? nodeOffset(document, given);
  const place = given.map((part) =>
    typeof part === 'number'
      ? `[${part}]`
      : /^\w+$/.test(String(part))
        ? `.${String(part)}`
        : `["${String(part)}"]`,
  );
  const isValue = (last === 'value' || last === 'default') && document.hasIn(given);
  const not = isValue ? `, not ${JSON.stringify(input)?.slice(0, 80)}` : '';
  const where = place.join('').replace(/^\./, '') || 'the file';
  return { line: lines.linePos(offset).line, sentence: `${where} ${message}${not}` };
}

function keyOffset(map: unknown, key: string | undefined): number | undefined {
  if (key === undefined || !isMap<Node>(map)) return undefined;
  return map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key)?.key.range?.[0];
}

/** Where the innermost part of a path begins that is there. */
function nodeOffset(document: Document, path: readonly PropertyKey[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as Node | undefined;
    if (node?.range) return node.range[0];
  }
  return 0;
}
