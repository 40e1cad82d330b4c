import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import pg from 'pg';
import { edit } from './database-editor.js';
import { DatabaseView } from './database-view.js';
import { migratedDatabase } from './migrated-database.js';
import { SCHEMA, isPostgresUrl } from './postgres/postgres-databases.js';
import type { Random } from './random.js';

const WORDS =
  'owl barn night window train seat river stone garden letter winter salt yesterday June 夜行 поезд'.split(
    ' ',
  );
const SECTORS = ['episodic', 'semantic', 'procedural'] as const;

/** How many memories each owner of each vault has: `{ acme: { ana: 3, '': 2 } }`. */
export type Owners = Readonly<Record<string, Readonly<Record<string, number>>>>;

/**
 * Puts memories into a migrated database past the service, as a migration does: rows, some positions of which are
 * missing, and no index (`index_version` 0). Each holds a word of its own, `w<position>of<owner>`.
 */
export function storeMemories(place: string, owners: Owners, random: Random): void {
  const memories: Record<string, unknown>[] = [];
  const scopes: Record<string, unknown>[] = [];
  const start = Date.UTC(2026, 0, 1);
  for (const [vaultId, users] of Object.entries(owners)) {
    for (const [userId, count] of Object.entries(users)) {
      let position = 0;
      for (let i = 0; i < count; i += 1, position += 1) {
        while (random.chance(0.05)) position += 1;
        const content = contentOf(random, position, userId);
        const sector = random.pick(SECTORS);
        const createdAt = start + i * random.below(3_600_000);
        memories.push({
          vault_id: vaultId,
          id: `${userId}-${position}`,
          user_id: userId,
          session_id: random.chance(0.5) ? `s${random.below(4)}` : null,
          position,
          content,
          primary_sector: sector,
          sectors: JSON.stringify([sector]),
          tags: '[]',
          metadata: random.chance(0.3)
            ? JSON.stringify({ speaker: random.pick(['Ana', 'Ben']), date: '2026-03-04' })
            : '{}',
          content_hash: createHash('sha256').update(content, 'utf8').digest('hex'),
          salience: random.chance(0.1) ? 0.9 : 0.4,
          decay_lambda: 0.01,
          last_seen_at: createdAt,
          version: 1,
          created_at: createdAt,
          updated_at: createdAt,
          expires_at: random.chance(0.05) ? createdAt + random.below(10 ** 11) : null,
        });
      }
      const next_position = position + random.below(3);
      const counts = { next_position, memory_count: count, term_count: 0, index_version: 0 };
      scopes.push({ vault_id: vaultId, user_id: userId, ...counts });
    }
  }
  const vaults = Object.keys(owners).map((id) => {
    const state = { status: 'active', share_unowned: 0, created_at: 1, updated_at: 1 };
    return { vault_id: id, name: id, ...state };
  });
  edit(place, (editor) =>
    editor.transaction(() => {
      editor.insert('vaults', ...vaults);
      editor.insert('memories', ...memories);
      // Of the migration after which memories are stored.
      const rest = editor.columns('scopes').includes('revision') ? { revision: 0 } : {};
      editor.insert('scopes', ...scopes.map((scope) => ({ ...scope, ...rest })));
    }),
  );
}

function contentOf(random: Random, position: number, userId: string): string {
  // Now and then one that fills a block by itself.
  const length = random.chance(0.003) ? 3_000 : 2 + random.below(16);
  const words = Array.from({ length }, (_, i) => (length > 100 ? `x${position}y${i}` : random.pick(WORDS)));
  const speaker = random.chance(0.3) ? `${random.pick(['Ana', 'Ben'])}: ` : '';
  return `${speaker}w${position}of${userId} ${words.join(' ')}${random.chance(0.2) ? '?' : ''}`;
}

/** A migrated database with these memories and no index. @param to the last migration; the newest if left out */
export async function adoptedDatabase(owners: Owners, random: Random, to?: string): Promise<string> {
  const place = await migratedDatabase(to);
  storeMemories(place, owners, random);
  return place;
}

/** The ids of a vault's memories, in order. */
export function idsIn(place: string, vaultId: string): string[] {
  const view = new DatabaseView(place);
  try {
    const sql = 'SELECT id FROM memories WHERE vault_id = ? ORDER BY id';
    return view.all<{ id: string }>(sql, vaultId).map(({ id }) => id);
  } finally {
    view.close();
  }
}

/** Every block, its data as a hash, and every scope, of one vault or of all. */
export function indexOf(place: string, vaultId?: string): unknown {
  const view = new DatabaseView(place);
  try {
    const where = vaultId === undefined ? '' : ` WHERE vault_id = '${vaultId}'`;
    const sql = `SELECT * FROM term_blocks${where} ORDER BY vault_id, user_id, block_no`;
    // How often an index was changed is another thing than what it holds.
    const held = 'vault_id, user_id, next_position, memory_count, term_count, index_version';
    return {
      scopes: view.all(`SELECT ${held} FROM scopes${where} ORDER BY vault_id, user_id`),
      blocks: view.all<{ data: Buffer }>(sql).map(({ data, ...block }) => ({
        ...block,
        sha256: createHash('sha256').update(data).digest('hex'),
      })),
    };
  } finally {
    view.close();
  }
}

/** Changes the database past a service, which may run in this very process: so without blocking it. */
export async function tamper(place: string, sql: string, ...values: unknown[]): Promise<void> {
  if (isPostgresUrl(place)) return tamperWithPostgres(place, sql, values);
  const database = new Database(place, { timeout: 0 });
  try {
    for (;;) {
      try {
        database.prepare(sql).run(...values);
        return;
      } catch (error) {
        if ((error as { code?: string }).code !== 'SQLITE_BUSY') throw error;
      }
      await sleep(1);
    }
  } finally {
    database.close();
  }
}

async function tamperWithPostgres(url: string, sql: string, values: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`SET search_path TO ${SCHEMA}`);
    let n = 0;
    await client.query(
      sql.replaceAll('?', () => `$${++n}`),
      values,
    );
  } finally {
    await client.end();
  }
}
