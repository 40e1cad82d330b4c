import { createHash } from 'node:crypto';
import { reindexDatabase } from '../../../src/upgrade/reindex-database.js';
import { type DatabaseEditor, edit } from '../database-editor.js';
import { configOf, migratedDatabase } from '../migrated-database.js';
import type { Random } from '../random.js';

const T = 1_700_000_000_000;
const WORDS =
  'owl barn night window train seat river stone garden letter winter salt yesterday 夜行 поезд'.split(' ');

type Row = Readonly<Record<string, unknown>>;

/** What one user of a vault has: rows in every table that has a `user_id`. */
export interface Person {
  /** Empty: nobody. */
  readonly id: string;
  readonly memories: number;
}

/** The ids of a person's rows, one apart from another's. */
export function tagOf(userId: string): string {
  return createHash('sha256').update(userId).digest('hex').slice(0, 10);
}

export function memoryRow(vault: string, userId: string, position: number, rest: Row = {}): Row {
  const tag = tagOf(userId);
  const content = String(rest.content ?? `memory ${position} of ${tag}`);
  return {
    ...{
      vault_id: vault,
      id: `${tag}-${position}`,
      user_id: userId,
      collection: null,
      session_id: null,
      position,
    },
    content,
    ...{ primary_sector: 'semantic', sectors: '["semantic"]', tags: '[]', metadata: '{}' },
    content_hash: createHash('sha256').update(content).digest('hex'),
    ...{ salience: 0.4, decay_lambda: 0.01, last_seen_at: T, version: 1 },
    ...{ created_at: T + position, updated_at: T + position, expires_at: null },
    ...rest,
  };
}

export function waypointRow(vault: string, userId: string, src: string, dst: string): Row {
  const times = { created_at: T, updated_at: T };
  return {
    ...{
      vault_id: vault,
      src_id: src,
      dst_id: dst,
      type: 'next',
      user_id: userId,
      weight: 0.25,
      metadata: '{}',
    },
    ...times,
  };
}

export function factRow(vault: string, userId: string, n: number): Row {
  return {
    ...{
      vault_id: vault,
      id: `f${n}-${tagOf(userId)}`,
      user_id: userId,
      collection: n === 1 ? 'facts' : null,
    },
    ...{
      subject: 'tea',
      predicate: 'is',
      object: `hot ${n}`,
      valid_from: T,
      valid_to: null,
      confidence: 0.1,
    },
    ...{ metadata: '{}', last_updated: T },
  };
}

export function edgeRow(vault: string, userId: string, id: string, source: string, target: string): Row {
  return {
    ...{ vault_id: vault, id, user_id: userId, source_id: source, target_id: target, relation_type: 'r' },
    ...{ valid_from: T, valid_to: null, weight: 0.5, metadata: '{}' },
  };
}

function rowsOf(vault: string, { id: user, memories }: Person, random: Random): Record<string, Row[]> {
  const tag = tagOf(user);
  const key = { vault_id: vault, user_id: user };
  const texts = Array.from({ length: memories }, (_, i) => {
    const words = Array.from({ length: 2 + random.below(12) }, () => random.pick(WORDS));
    return `w${i}of${tag} ${words.join(' ')}`;
  });
  const stored = texts.map((content, i) =>
    memoryRow(vault, user, i, {
      content,
      session_id: i % 4 === 0 ? `${tag} s${i % 3}` : null,
      collection: i % 7 === 0 ? 'everybody' : i % 7 === 1 ? `only ${tag}` : null,
      metadata: i % 5 === 0 ? '{"speaker":"Ana","n":12345678901234567890}' : '{}',
      expires_at: i % 11 === 5 ? T - 1 : null,
    }),
  );
  const idOf = (i: number) => `${tag}-${i}`;
  const some = (n: number) => stored.flatMap((_, i) => (i % n === 0 ? [i] : []));
  return {
    memories: stored,
    memory_versions: some(5).map((i) => ({
      ...{ ...key, memory_id: idOf(i), version: 1, content: 'former', primary_sector: 'semantic' },
      ...{ sectors: '[]', tags: '[]', metadata: '{}', updated_at: T, replaced_at: T + 1 },
    })),
    vectors: some(2).map((i) => ({
      ...{
        ...key,
        memory_id: idOf(i),
        sector: 'semantic',
        model: 'm',
        dim: 2,
        v: Buffer.from([i % 256, 0, 1, 255]),
      },
    })),
    waypoints: some(3).flatMap((i) =>
      i + 1 < memories ? [waypointRow(vault, user, idOf(i), idOf(i + 1))] : [],
    ),
    facts: [1, 2, 3].map((n) => factRow(vault, user, n)),
    fact_edges: [edgeRow(vault, user, `e-${tag}`, `f1-${tag}`, `f2-${tag}`)],
    scopes: [
      {
        ...{ ...key, next_position: memories, memory_count: 0, term_count: 0, index_version: 0 },
        revision: random.below(1000),
      },
    ],
    users: [
      {
        ...{ ...key, summary: `about ${tag}`, summary_manual: 1, reflection_count: 2, created_at: T },
        ...{ updated_at: T, summary_stale: 0, summary_at: T },
      },
    ],
    sessions: [
      { ...key, id: `${tag} s0`, memory_count: 1, first_at: T, last_at: T, metadata: '{}' },
      { ...key, id: `${tag} alone`, memory_count: 0, first_at: T, last_at: T, metadata: '{}' },
    ],
    stats: [{ ...key, type: 'add', ts: T, dims: '', count: 7 }],
    idempotency: [
      {
        ...{ ...key, method: 'POST', path: '/v1/memories', key: 'k', body_hash: 'h', status: 201 },
        ...{ answer: '{}', created_at: T },
      },
    ],
    audit: [{ ...key, id: `a-${tag}`, at: T, action: 'x', target: 'y', request_id: 'r', details: '{}' }],
    api_keys: [
      {
        ...{ ...key, id: `k-${tag}`, name: 'n', secret_hash: 's', permissions: '[]', created_at: T },
        ...{ expires_at: null, revoked_at: null, last_used_at: null },
      },
    ],
    legacy_rows: [
      ...(memories > 0 ? [{ ...legacyRow(vault, user, `l1-${tag}`), memory_id: idOf(0) }] : []),
      legacyRow(vault, user, `l2-${tag}`),
    ],
  };
}

export function legacyRow(vault: string, user: string, id: string): Row {
  return {
    ...{ vault_id: vault, id, source_table: 'memories', reason: 'kept', data: '{"x":1}', created_at: T },
    ...{ user_id: user, memory_id: null },
  };
}

/** Fills vaults past the service, each with these people, and indexes what they hold. */
export async function makeHomes(
  vaults: Readonly<Record<string, readonly Person[]>>,
  random: Random,
  more: (editor: DatabaseEditor) => void = () => {},
): Promise<string> {
  const place = await migratedDatabase();
  edit(place, (editor) =>
    editor.transaction(() => {
      for (const [vault, people] of Object.entries(vaults)) {
        const state = { status: 'active', share_unowned: 0, created_at: T, updated_at: T, erased_at: null };
        editor.insert('vaults', { vault_id: vault, name: vault, ...state });
        const names = ['everybody', 'facts', ...people.map(({ id }) => `only ${tagOf(id)}`)];
        for (const name of names) {
          const rest = { description: `of ${vault}`, metadata: '{}', created_at: T, updated_at: T };
          editor.insert('collections', { vault_id: vault, name, ...rest });
        }
        for (const person of people) {
          for (const [table, rows] of Object.entries(rowsOf(vault, person, random))) {
            editor.insert(table, ...rows);
          }
        }
      }
      more(editor);
    }),
  );
  await reindexDatabase({ database: configOf(place) });
  return place;
}
