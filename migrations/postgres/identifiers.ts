/** A name as SQL holds it. @throws Error for a name that PostgreSQL cannot have: it would cut it off */
export function quoteIdentifier(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > 63) {
    throw new Error(`${JSON.stringify(name)} cannot be a name in PostgreSQL: those have 1 to 63 bytes`);
  }
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table, or anything else that has its name in a schema. */
export function qualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** A text as SQL holds it, however `standard_conforming_strings` is set; for statements that take no parameters. */
export function quoteLiteral(text: string): string {
  if (text.includes('\0')) throw new Error('A text in PostgreSQL cannot hold U+0000');
  const quoted = `'${text.replaceAll("'", "''")}'`;
  return text.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}
