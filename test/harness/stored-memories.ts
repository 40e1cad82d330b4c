import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { migrateDatabase } from '../../src/upgrade/migrate-database.js';
import type { Random } from './random.js';
import { tempFolder } from './temp-folder.js';

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
export function storeMemories(path: string, owners: Owners, random: Random): void {
  const database = new Database(path);
  const vault = database.prepare(
    `INSERT INTO vaults (vault_id, name, status, share_unowned, created_at, updated_at) VALUES (?, ?, 'active', 0, 1, 1)`,
  );
  const scope = database.prepare(
    `INSERT INTO scopes (vault_id, user_id, next_position, memory_count, term_count, index_version)
     VALUES (?, ?, ?, ?, 0, 0)`,
  );
  const columns = `vault_id, id, user_id, session_id, position, content, primary_sector, sectors, tags, metadata,
    content_hash, salience, decay_lambda, last_seen_at, version, created_at, updated_at, expires_at`;
  const memory = database.prepare(
    `INSERT INTO memories (${columns}) VALUES (${columns.split(',').fill('?').join(', ')})`,
  );
  const start = Date.UTC(2026, 0, 1);
  database.transaction(() => {
    for (const [vaultId, users] of Object.entries(owners)) {
      vault.run(vaultId, vaultId);
      for (const [userId, count] of Object.entries(users)) {
        let position = 0;
        for (let i = 0; i < count; i += 1, position += 1) {
          while (random.chance(0.05)) position += 1;
          const content = contentOf(random, position, userId);
          const sector = random.pick(SECTORS);
          const createdAt = start + i * random.below(3_600_000);
          memory.run(
            vaultId,
            `${userId}-${position}`,
            userId,
            random.chance(0.5) ? `s${random.below(4)}` : null,
            position,
            content,
            sector,
            JSON.stringify([sector]),
            '[]',
            random.chance(0.3)
              ? JSON.stringify({ speaker: random.pick(['Ana', 'Ben']), date: '2026-03-04' })
              : '{}',
            createHash('sha256').update(content, 'utf8').digest('hex'),
            random.chance(0.1) ? 0.9 : 0.4,
            0.01,
            createdAt,
            1,
            createdAt,
            createdAt,
            random.chance(0.05) ? createdAt + random.below(10 ** 11) : null,
          );
        }
        scope.run(vaultId, userId, position + random.below(3), count);
      }
    }
  })();
  database.close();
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
  const path = join(tempFolder(), 'cairn.sqlite');
  await migrateDatabase({ path, to });
  storeMemories(path, owners, random);
  return path;
}

/** The ids of a vault's memories, in order. */
export function idsIn(path: string, vaultId: string): string[] {
  const database = new Database(path, { readonly: true, timeout: 10_000 });
  try {
    return database
      .prepare('SELECT id FROM memories WHERE vault_id = ? ORDER BY id')
      .pluck()
      .all(vaultId) as string[];
  } finally {
    database.close();
  }
}

/** Every block, its data as a hash, and every scope, of one vault or of all. */
export function indexOf(path: string, vaultId?: string): unknown {
  const database = new Database(path, { readonly: true, timeout: 10_000 });
  try {
    const where = vaultId === undefined ? '' : ` WHERE vault_id = '${vaultId}'`;
    const blocks = database
      .prepare(`SELECT * FROM term_blocks${where} ORDER BY vault_id, user_id, block_no`)
      .all() as { data: Buffer }[];
    return {
      scopes: database.prepare(`SELECT * FROM scopes${where} ORDER BY vault_id, user_id`).all(),
      blocks: blocks.map(({ data, ...block }) => ({
        ...block,
        sha256: createHash('sha256').update(data).digest('hex'),
      })),
    };
  } finally {
    database.close();
  }
}

/** Changes the database past a service, which may run in this very process: so without blocking it. */
export async function tamper(path: string, sql: string, ...values: unknown[]): Promise<void> {
  const database = new Database(path, { timeout: 0 });
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
