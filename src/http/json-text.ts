/** Thrown where JSON.stringify comes upon a text, which it has no way to write. */
const MET = new Error('A JSON text is in the way');
let isWriting = false;

/**
 * JSON that is answered as the text it was stored as: reading it and writing it anew would round its integers,
 * drop names that come twice, respell its numbers, or nest too deep for JSON.stringify.
 */
export class JsonText {
  /** What it says, as far as JavaScript can hold it. */
  readonly value: unknown;

  /** @throws SyntaxError for what is no JSON: so no text can reach beyond its place in an answer */
  constructor(readonly text: string) {
    this.value = JSON.parse(text) as unknown;
  }

  /** For a JSON.stringify that knows nothing of texts. */
  toJSON(): unknown {
    if (isWriting) throw MET;
    return this.value;
  }
}

/**
 * What JSON.stringify gives, with every `JsonText` in its place as it stands. Nothing is put in for the texts to be
 * replaced afterwards, so that no content of a value can be taken for one of them.
 */
export function writeJson(value: unknown): string | undefined {
  const text = plain(value);
  return text === null ? written(value) : text;
}

/** @returns null where there is a text in it */
function plain(value: unknown): string | undefined | null {
  isWriting = true;
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error === MET) return null;
    throw error;
  } finally {
    isWriting = false;
  }
}

/** Part by part. What holds no text is left to JSON.stringify as a whole. */
function written(value: unknown): string | undefined {
  if (value instanceof JsonText) return value.text;
  if (Array.isArray(value)) return `[${value.map((item) => written(item) ?? 'null').join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value);
  if (!members.some(([, member]) => member instanceof JsonText)) {
    const text = plain(value);
    if (text !== null) return text;
  }
  const texts: string[] = [];
  for (const [name, member] of members) {
    const text = written(member);
    if (text !== undefined) texts.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${texts.join(',')}}`;
}
