import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { migrateDatabase } from '../../src/upgrade/migrate-database.js';
import { temporaryFolder } from './app.js';

/** A buffer is written as the bytes of a text, whatever they are. */
export type StoredText = string | Buffer;

/** A row of `memories` as an adoption may leave it. What is left out is ordinary. */
export interface AdoptedMemory {
  readonly id: string;
  readonly userId?: string;
  readonly content: StoredText;
  readonly collection?: string;
  readonly sessionId?: string;
  readonly primarySector?: string;
  readonly sectors?: string;
  readonly tags?: string;
  readonly metadata?: StoredText;
  readonly salience?: number;
  readonly decayLambda?: number;
  readonly lastSeenAt?: number;
  readonly version?: number;
  readonly createdAt?: number;
}

export interface AdoptedWaypoint {
  readonly src: string;
  readonly dst: string;
  readonly type?: string;
  readonly weight?: number;
  readonly metadata?: string;
}

export interface AdoptedUser {
  readonly userId: string;
  readonly summary: string | null;
  readonly reflectionCount?: number;
  readonly createdAt?: number;
}

export interface AdoptedRows {
  readonly memories: readonly AdoptedMemory[];
  readonly waypoints?: readonly AdoptedWaypoint[];
  readonly users?: readonly AdoptedUser[];
  /** Descriptions of collections, by name: their metadata. */
  readonly collections?: Readonly<Record<string, string>>;
  /** Rows of further tables, without their vault. */
  readonly others?: readonly (readonly [table: string, row: Readonly<Record<string, unknown>>])[];
}

export const ADOPTED_VAULT = 'default-vault';
export const MARCH_2025 = Date.UTC(2025, 2, 1);

/** A migrated database with these rows, put there past the service, and no recall index. */
export async function adoptedRows(rows: AdoptedRows): Promise<string> {
  const path = join(temporaryFolder(), 'cairn.sqlite');
  await migrateDatabase({ path });
  const database = new Database(path);
  const insert = (table: string, row: Readonly<Record<string, unknown>>) => {
    const names = Object.keys(row);
    // Text by way of its bytes: SQLite keeps what it is given.
    const marks = names.map((name) => (Buffer.isBuffer(row[name]) && name !== 'v' ? 'CAST(? AS TEXT)' : '?'));
    const sql = `INSERT INTO "${table}" (${names.join(', ')}) VALUES (${marks.join(', ')})`;
    database.prepare(sql).run(...Object.values(row));
  };
  const vault = { vault_id: ADOPTED_VAULT };
  const times = { created_at: MARCH_2025, updated_at: MARCH_2025 };
  database.transaction(() => {
    insert('vaults', { ...vault, name: ADOPTED_VAULT, status: 'active', share_unowned: 1, ...times });
    const positions = new Map<string, number>();
    for (const memory of rows.memories) {
      const userId = memory.userId ?? '';
      const position = positions.get(userId) ?? 0;
      positions.set(userId, position + 1);
      insert('memories', { ...vault, ...columnsOf(memory), user_id: userId, position });
      insert('vectors', vectorOf(memory, userId, position));
    }
    for (const [user_id, count] of positions) {
      const counts = {
        next_position: count,
        memory_count: count,
        term_count: 0,
        index_version: 0,
        revision: 0,
      };
      insert('scopes', { ...vault, user_id, ...counts });
    }
    const owners = new Map(rows.memories.map(({ id, userId }) => [id, userId ?? '']));
    for (const { src, dst, type = 'similar', weight = 0.5, metadata = '{}' } of rows.waypoints ?? []) {
      const ends = { src_id: src, dst_id: dst, type, user_id: owners.get(src), weight, metadata };
      insert('waypoints', { ...vault, ...ends, ...times });
    }
    for (const { userId, summary, reflectionCount = 0, createdAt = MARCH_2025 } of rows.users ?? []) {
      const marks = { summary_manual: 0, summary_stale: 1, summary_at: null };
      const user = { user_id: userId, summary, reflection_count: reflectionCount, ...marks };
      insert('users', { ...vault, ...user, created_at: createdAt, updated_at: createdAt });
    }
    for (const [name, metadata] of Object.entries(rows.collections ?? {})) {
      insert('collections', { ...vault, name, description: null, metadata, ...times });
    }
    for (const [table, row] of rows.others ?? []) insert(table, { ...vault, ...row });
  })();
  database.close();
  return path;
}

function columnsOf(memory: AdoptedMemory): Record<string, unknown> {
  const { createdAt = MARCH_2025, primarySector = 'semantic', content } = memory;
  return {
    id: memory.id,
    collection: memory.collection ?? null,
    session_id: memory.sessionId ?? null,
    content,
    primary_sector: primarySector,
    sectors: memory.sectors ?? JSON.stringify([primarySector]),
    tags: memory.tags ?? '[]',
    metadata: memory.metadata ?? '{}',
    content_hash: createHash('sha256').update(content).digest('hex'),
    salience: memory.salience ?? 0.4,
    decay_lambda: memory.decayLambda ?? 0.005,
    last_seen_at: memory.lastSeenAt ?? createdAt,
    version: memory.version ?? 1,
    created_at: createdAt,
    updated_at: createdAt,
  };
}

/** Of another dimension each. */
function vectorOf({ id }: AdoptedMemory, userId: string, position: number): Record<string, unknown> {
  const dim = [256, 768, 1536][position % 3];
  const names = { memory_id: id, sector: 'semantic', model: 'openmemory/vectors/unknown', user_id: userId };
  return { vault_id: ADOPTED_VAULT, ...names, dim, v: Buffer.alloc(4 * dim, position) };
}
