import { comparable, takeSnapshot } from './snapshot.js';

/**
 * Columns that hold when the migration itself was, or how it went: `revision` counts how often blocks were written
 * again, which two processes that fill the index together may do.
 */
const ACCIDENTAL: Readonly<Record<string, readonly string[]>> = {
  vaults: ['created_at', 'updated_at'],
  legacy_rows: ['created_at'],
  imports: ['started_at', 'finished_at'],
  schema_version: ['applied_at'],
  scopes: ['revision'],
};

/** Schema and rows of a database of Cairn, but for when and how it was migrated. */
export function stateOf(path: string): ReturnType<typeof comparable> {
  const { schema, tables } = takeSnapshot(path);
  const timeless = [...tables].map(([name, rows]) => {
    const drop = ACCIDENTAL[name] ?? [];
    const left = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row)
          .filter(([column]) => !drop.includes(column))
          .map(([column, value]) => [
            column,
            name === 'imports' && column === 'counts' ? withoutTime(value) : value,
          ]),
      ),
    );
    return [name, left] as const;
  });
  return comparable({ schema, tables: new Map(timeless) });
}

function withoutTime(counts: string): string {
  const json = Buffer.from(counts.slice(1), 'hex').toString('utf8');
  return json.replace(/"at":\d+/, '"at":0');
}
