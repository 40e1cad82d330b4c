import type { QueryRunner } from 'typeorm';

/** Rows that are looked at in one go. */
const PAGE = 200;
/** What stands before the memory's id in the id of such a row. */
const COLUMNS = 'memories.columns';

interface LegacyRow {
  readonly vault_id: string;
  readonly id: string;
  readonly source_table: string;
  readonly data: string;
}

/**
 * Tells of every row of an older database the memory that it belongs to and whose it is, as SQLite does it by
 * functions for JSON that PostgreSQL lacks, or has for texts without U+0000 alone.
 *
 * @param apart tables whose rows belong to no memory
 */
export async function fillLegacyOwners(runner: QueryRunner, apart: readonly string[]): Promise<void> {
  for (let after = ['', '']; ;) {
    const rows = (await runner.query(
      `SELECT "vault_id", "id", "source_table", "data" FROM "legacy_rows"
       WHERE ("vault_id", "id") > ($1, $2) ORDER BY "vault_id", "id" LIMIT ${PAGE}`,
      after,
    )) as LegacyRow[];
    if (rows.length === 0) return;
    const named = rows.map((row) => namedBy(row, apart));
    await runner.query(
      `UPDATE "legacy_rows" l SET "memory_id" = m."id", "user_id" = coalesce(m."user_id", x."user_id")
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) x ("vault_id", "id", "memory_id", "user_id")
         LEFT JOIN "memories" m ON m."vault_id" = x."vault_id" AND m."id" = x."memory_id"
       WHERE l."vault_id" = x."vault_id" AND l."id" = x."id"`,
      [
        rows.map(({ vault_id }) => vault_id),
        rows.map(({ id }) => id),
        named.map(({ memoryId }) => memoryId),
        named.map(({ userId }) => userId),
      ],
    );
    const last = rows[rows.length - 1];
    after = [last.vault_id, last.id];
  }
}

function namedBy(
  { id, source_table, data }: LegacyRow,
  apart: readonly string[],
): { memoryId: string | null; userId: string } {
  const row = parse(data);
  if (row === undefined) return { memoryId: null, userId: '' };
  const userId = typeof row.user_id === 'string' ? storable(row.user_id) : null;
  const memoryId = apart.includes(source_table)
    ? null
    : source_table === COLUMNS
      ? id.slice(COLUMNS.length + 1)
      : storable(row.src_id ?? row.id);
  return { memoryId, userId: userId ?? '' };
}

/** @returns undefined for what is no JSON; nothing in it for what is no object */
function parse(data: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return undefined;
  }
}

/** The text of an id, if PostgreSQL could hold it. */
function storable(value: unknown): string | null {
  if (typeof value !== 'string' && typeof value !== 'number') return null;
  const text = String(value);
  return text.includes('\0') ? null : text;
}
