const MAX_LENGTH = 120;
const WORD = /^[\w.:-]{1,64}$/;

/**
 * What may be said of an error of a provider: its code or kind, and the first line of its message, cut short, without
 * credentials of URLs and without the vault it was asked about.
 */
export function shortMessage(error: unknown, vault?: string): string {
  const { code, name, message } = (error ?? {}) as { code?: unknown; name?: unknown; message?: unknown };
  const kind = [code, name].find((word) => typeof word === 'string' && WORD.test(word));
  const text = shortText(typeof message === 'string' ? message : '', vault);
  return [kind ?? 'Error', ...(text === '' ? [] : [text])].join(': ');
}

/** The first line of a text from elsewhere. */
export function shortText(text: string, vault?: string): string {
  const line = text.trimStart().split(/[\r\n]/, 1)[0];
  const known = line.replaceAll(/\/\/[^/\s@]*@/g, '//…@');
  const plain = (vault === undefined ? known : known.replaceAll(vault, '…')).replaceAll(/\p{C}/gu, '').trim();
  return plain.length > MAX_LENGTH ? `${plain.slice(0, MAX_LENGTH)}…` : plain;
}
