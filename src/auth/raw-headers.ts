/**
 * Every value of one header, in order. Node's parsed headers hide repetitions (the second Authorization is
 * dropped, other headers are joined with a comma), and a repeated header is how two readers of a request come
 * to see two different callers; so identity is read from the raw list.
 *
 * @param rawHeaders name, value, name, value …, as in `IncomingMessage.rawHeaders`
 * @param name in lower case
 */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  const values: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const found = rawHeaders[at];
    if (found.length === name.length && found.toLowerCase() === name) values.push(rawHeaders[at + 1]);
  }
  return values;
}
