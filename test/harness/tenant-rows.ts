import type Database from 'better-sqlite3';

/** Who may see the rows of a table inside their vault; told here once more, independently of the entities. */
export type Reach = 'vault' | 'owned' | 'service';

export const TABLES: Readonly<Record<string, Reach>> = {
  vaults: 'vault',
  api_keys: 'service',
  users: 'owned',
  sessions: 'owned',
  collections: 'vault',
  memories: 'owned',
  memory_versions: 'owned',
  vectors: 'owned',
  scopes: 'owned',
  term_blocks: 'owned',
  waypoints: 'owned',
  facts: 'owned',
  fact_edges: 'owned',
  stats: 'owned',
  audit: 'service',
  idempotency: 'owned',
  imports: 'service',
  legacy_rows: 'service',
};

export type Row = Record<string, string | number | bigint | Buffer | null>;

export type TableRow = readonly [table: string, row: Row];

export const VAULTS = ['A', 'B'] as const;
export const USERS = ['u1', 'u2', ''] as const;

/** What every text of a row holds, so that it is recognised wherever it turns up. */
export function canary(vault: string, user: string, state = ''): string {
  return `canary.${vault}.${user || 'nobody'}${state}.`;
}

/** B has more of everything and larger numbers, so that a count or a sum over both shows. */
function countIn(vault: string): number {
  return vault === 'A' ? 2 : 3;
}

const T = 1_700_000_000_000;
const FAR = 8_000_000_000_000;
const PAST = 1_000_000_000_000;

function bulk(vault: string, user: string): number {
  return (vault === 'A' ? 0 : 1000) + { u1: 1, u2: 50, '': 70 }[user as 'u1'];
}

/** The same ids in every vault; inside a vault each user's own. */
export function memoryId(user: string, n: number | string): string {
  return `m-${user || 'nobody'}-${n}`;
}

function memory(vault: string, user: string, n: number, state = ''): Row {
  const mark = canary(vault, user, state);
  const number = bulk(vault, user) + n;
  return {
    vault_id: vault,
    id: memoryId(user, state === '' ? n : state.slice(1)),
    user_id: user,
    collection: `${mark}collection`,
    session_id: `${mark}session`,
    position: n,
    content: `${mark}content ${n}`,
    primary_sector: 'semantic',
    sectors: `["${mark}"]`,
    tags: `["${mark}"]`,
    metadata: `{"mark":"${mark}"}`,
    content_hash: mark,
    salience: (10_000 - number) / 10_000,
    decay_lambda: 0.01,
    last_seen_at: T + number,
    version: number,
    created_at: T + number,
    updated_at: T + number,
    expires_at: state === '' ? (n === 1 ? null : FAR) : PAST,
  };
}

function ownedRows(vault: string, user: string): [table: string, row: Row][] {
  const mark = canary(vault, user);
  const number = bulk(vault, user);
  const key = { vault_id: vault, user_id: user };
  const json = `{"mark":"${mark}"}`;
  const rows: [string, Row][] = [
    [
      'users',
      {
        ...key,
        summary: mark,
        summary_manual: 1,
        reflection_count: number,
        created_at: T,
        updated_at: T,
        summary_stale: 0,
        summary_at: T,
      },
    ],
    ['sessions', { ...key, id: 's-1', memory_count: number, first_at: T, last_at: T, metadata: json }],
    [
      'scopes',
      {
        ...key,
        next_position: number,
        memory_count: number,
        term_count: number,
        index_version: 1,
        revision: number,
      },
    ],
    ['term_blocks', { ...key, block_no: 0, first_position: 0, slots: number, data: Buffer.from(mark) }],
    ['stats', { ...key, type: 'decay', ts: T, dims: '', count: number }],
    [
      'idempotency',
      {
        ...key,
        method: 'POST',
        path: '/v1/memories',
        key: 'k-1',
        body_hash: mark,
        status: 201,
        answer: json,
        created_at: T,
      },
    ],
  ];
  for (let n = 1; n <= countIn(vault); n++) rows.push(['memories', memory(vault, user, n)]);
  rows.push(['memories', memory(vault, user, 99, '-expired')]);
  const [first, second] = [memoryId(user, 1), memoryId(user, 2)];
  rows.push(
    [
      'memory_versions',
      {
        ...key,
        memory_id: first,
        version: 1,
        content: `${mark}former`,
        primary_sector: 'semantic',
        sectors: '[]',
        tags: '[]',
        metadata: json,
        updated_at: T,
        replaced_at: T + number,
      },
    ],
    [
      'vectors',
      { ...key, memory_id: first, sector: 'semantic', model: 'm', dim: number, v: Buffer.from(mark) },
    ],
    [
      'waypoints',
      {
        ...key,
        src_id: first,
        dst_id: second,
        type: 'next',
        weight: number,
        metadata: json,
        created_at: T,
        updated_at: T,
      },
    ],
  );
  for (let n = 1; n <= countIn(vault); n++) {
    rows.push([
      'facts',
      {
        ...key,
        id: `f-${user || 'nobody'}-${n}`,
        collection: null,
        subject: 'tea',
        predicate: 'is',
        object: `${mark}object ${n}`,
        valid_from: T,
        valid_to: null,
        confidence: number / 10_000,
        metadata: json,
        last_updated: T,
      },
    ]);
  }
  rows.push([
    'fact_edges',
    {
      ...key,
      id: `e-${user || 'nobody'}`,
      source_id: `f-${user || 'nobody'}-1`,
      target_id: `f-${user || 'nobody'}-2`,
      relation_type: mark,
      valid_from: T,
      valid_to: null,
      weight: number,
      metadata: json,
    },
  ]);
  return rows;
}

function vaultRows(vault: string): [table: string, row: Row][] {
  const mark = canary(vault, 'vault');
  const service = canary(vault, 'service');
  const key = { vault_id: vault };
  return [
    [
      'vaults',
      {
        ...key,
        name: mark,
        status: 'active',
        share_unowned: 0,
        created_at: T + bulk(vault, 'u1'),
        updated_at: T,
        erased_at: null,
      },
    ],
    ['collections', { ...key, name: 'c-1', description: mark, metadata: '{}', created_at: T, updated_at: T }],
    [
      'api_keys',
      {
        ...key,
        id: 'key-1',
        user_id: 'u1',
        name: service,
        secret_hash: service,
        permissions: '["read"]',
        created_at: T,
        expires_at: null,
        revoked_at: null,
        last_used_at: null,
      },
    ],
    [
      'audit',
      {
        ...key,
        id: 'a-1',
        user_id: 'u1',
        at: T,
        action: service,
        target: service,
        request_id: 'r-1',
        details: `{"mark":"${service}"}`,
      },
    ],
    [
      'imports',
      { ...key, id: 'i-1', source: service, state: 'done', counts: '{}', started_at: T, finished_at: T },
    ],
    [
      'legacy_rows',
      {
        ...key,
        id: 'l-1',
        user_id: service,
        memory_id: null,
        source_table: 'memories',
        reason: service,
        data: `{"mark":"${service}"}`,
        created_at: T,
      },
    ],
  ];
}

/** Rows of every tenant table: two vaults with equal ids, in each two users and what belongs to nobody. */
export function tenantRows(): TableRow[] {
  return VAULTS.flatMap((vault) => [...vaultRows(vault), ...USERS.flatMap((user) => ownedRows(vault, user))]);
}

export function seedTenants(database: Database.Database): void {
  database.transaction(() => tenantRows().forEach(([table, row]) => insertRow(database, table, row)))();
}

export function insertRow(database: Database.Database, table: string, row: Row): void {
  const columns = Object.keys(row);
  database
    .prepare(
      `INSERT INTO "${table}" ("${columns.join('", "')}") VALUES (${columns.map(() => '?').join(', ')})`,
    )
    .run(Object.values(row));
}

/** Every row of every tenant table, in a fixed order. */
export function readTenants(database: Database.Database): TableRow[] {
  return Object.keys(TABLES).flatMap((table) =>
    (database.prepare(`SELECT * FROM "${table}" ORDER BY 1, 2, 3, 4, 5`).all() as Row[]).map(
      (row): TableRow => [table, row],
    ),
  );
}
