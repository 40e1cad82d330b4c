import type { QueryRunner } from 'typeorm';
import { countRows } from '../ddl.js';
import { vaultOf } from './owners.js';
import type { AdoptionRecord } from './record.js';
import type { OldKind } from './tables.js';

/**
 * What stands in the way of giving the old tables back: rows, or parts of rows, that were written since and that
 * the old tables have no place for. What the service derives from the memories (the recall index, counters) is
 * none of it.
 *
 * @returns each with its number, such as `sessions (3 rows)`
 */
export async function findObstacles(runner: QueryRunner, record: AdoptionRecord): Promise<string[]> {
  const obstacles: string[] = [];
  for (const [what, source] of sourcesOf(record)) {
    const rows = await countRows(runner, source);
    if (rows > 0) obstacles.push(`${what} (${rows} ${rows === 1 ? 'row' : 'rows'})`);
  }
  return [...obstacles, ...(await misplacedOwners(runner, record))];
}

function sourcesOf(record: AdoptionRecord): [what: string, source: string][] {
  const has = (kind: OldKind, column?: string) =>
    record.tables.some((table) => table.kind === kind && (!column || table.columns.includes(column)));
  const models = record.tables
    .filter(({ kind }) => kind === 'vectors')
    .map(({ table }) => `substr("model", 1, ${table.length + 12}) <> 'openmemory/${table}/'`);
  // The key of the old table: one edge a memory, or one for each user.
  const sameUser = has('waypoints', 'user_id') ? 'AND o."user_id" = w."user_id"' : '';
  const unless = (condition: boolean, what: string, source: string): [string, string][] =>
    condition ? [] : [[what, source]];
  return [
    ['memories with a session', '"memories" WHERE "session_id" IS NOT NULL'],
    ['memories that expire', '"memories" WHERE "expires_at" IS NOT NULL'],
    ['former contents of memories', '"memory_versions"'],
    ...unless(has('memories', 'user_id'), 'memories with an owner', `"memories" WHERE "user_id" <> ''`),
    ...unless(
      has('memories', 'project_id'),
      'memories in a collection',
      '"memories" WHERE "collection" IS NOT NULL',
    ),
    ['vectors of other models', `"vectors" WHERE ${['1', ...models].join(' AND ')}`],
    ['waypoints of other types', `"waypoints" WHERE "type" <> 'similar' OR "metadata" <> '{}'`],
    [
      'further waypoints from one memory',
      `"waypoints" w WHERE "type" = 'similar' AND "updated_at" >= ${record.at} AND EXISTS (
         SELECT 1 FROM "waypoints" o WHERE o."vault_id" = w."vault_id" AND o."src_id" = w."src_id"
           AND o."type" = 'similar' AND o."dst_id" <> w."dst_id" ${sameUser})`,
    ],
    ['summaries written by hand', '"users" WHERE "summary_manual"'],
    ...unless(has('facts'), 'facts', '"facts"'),
    ...unless(has('factEdges'), 'edges between facts', '"fact_edges"'),
    ['descriptions of collections', '"collections"'],
    ['API keys', '"api_keys"'],
    ['records of what was done', '"audit"'],
    ['imports', `"imports" WHERE "source" <> 'openmemory'`],
  ];
}

/** Owners whose rows would not come back into the vault they are in. */
async function misplacedOwners(runner: QueryRunner, record: AdoptionRecord): Promise<string[]> {
  const owners = ['memories', 'facts'].map((table) => `SELECT "vault_id", "user_id" FROM "${table}"`);
  const rows = (await runner.query(owners.join(' UNION '))) as { vault_id: string; user_id: string }[];
  const misplaced = rows.filter(
    ({ vault_id, user_id }) => vaultOf(user_id, record.options, record.tenants) !== vault_id,
  );
  const vaults = new Set(misplaced.map(({ vault_id }) => vault_id));
  return vaults.size === 0
    ? []
    : [`users in vaults that they would not come back to (${misplaced.length} in ${vaults.size} vaults)`];
}
