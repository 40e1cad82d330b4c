import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { OpenMemoryFile } from './harness/openmemory/file.js';
import { makeFile, plain } from './harness/openmemory/files.js';
import { HASHES } from './harness/openmemory/plain-rows.js';
import { takeSnapshot } from './harness/openmemory/snapshot.js';
import { expectNothingLost, migrate, sha256, upgrade } from './harness/openmemory/upgrade.js';
import { tempFolder } from './harness/temp-folder.js';

/** Owners that are easily taken for one another, or for none. */
const OWNERS = [
  'alice',
  'Alice',
  'alice ',
  ' alice',
  'ALICE',
  'A\u030asa',
  '\u00c5sa',
  'anonymous',
  '',
  null,
];

function select(path: string, sql: string): unknown[] {
  const database = new Database(path, { readonly: true });
  try {
    return database.prepare(sql).raw().all();
  } finally {
    database.close();
  }
}

/** A file whose only rows are a memory of each owner, and what hangs on it. */
function fileOf(release: '1.2.3' | 'HEAD', owners: readonly (string | null)[]): string {
  return makeFile(tempFolder(), release, (file) => {
    for (const [i, user_id] of owners.entries()) storeOwned(file, `m${i}`, user_id);
  });
}

function storeOwned(file: OpenMemoryFile, id: string, user_id: string | null): void {
  file.insert('memories', {
    id,
    user_id,
    content: `Of ${user_id}`,
    primary_sector: 'semantic',
    created_at: 1,
  });
  file.insertVector({ id, user_id, sector: 'semantic', v: Buffer.alloc(4), dim: 1 });
  file.insert('waypoints', { src_id: id, dst_id: id, user_id, weight: 1 });
  file.insert('users', { user_id, summary: 's', created_at: 1, updated_at: 1 });
  file.insert('temporal_facts', {
    id: `f-${id}`,
    user_id,
    subject: id,
    predicate: 'is',
    object: 'x',
    valid_from: 1,
    confidence: 1,
    last_updated: 1,
  });
}

describe('owners', () => {
  it('are kept byte for byte; NULL and the empty text are nobody, and anonymous is a user', async () => {
    const path = fileOf('1.2.3', OWNERS);
    const before = takeSnapshot(path);
    await upgrade(path);
    expectNothingLost(before, path);
    expect(select(path, `SELECT DISTINCT vault_id FROM memories`)).toEqual([['default-vault']]);
    const owners = OWNERS.map((owner, i) => [`m${i}`, owner ?? '']);
    expect(select(path, `SELECT id, user_id FROM memories ORDER BY id`)).toEqual(owners);
    expect(select(path, `SELECT memory_id, user_id FROM vectors ORDER BY memory_id`)).toEqual(owners);
    expect(select(path, `SELECT src_id, user_id FROM waypoints ORDER BY src_id`)).toEqual(owners);
    const names = OWNERS.filter((owner) => owner).sort();
    expect(select(path, `SELECT user_id FROM users`).flat().sort()).toEqual(names);
    // Each owner has a position 0 of its own; the two who are nobody share theirs.
    expect(
      select(path, `SELECT user_id, max(position) FROM memories GROUP BY user_id ORDER BY user_id`),
    ).toEqual(
      [...new Set(owners.map(([, owner]) => owner))].sort().map((owner) => [owner, owner === '' ? 1 : 0]),
    );
  });

  it('of bytes that are no UTF-8 are written out; a memory with such an id is kept whole', async () => {
    const path = fileOf('1.2.3', ['alice', 'bob', 'carol']);
    const database = new Database(path);
    for (const table of ['memories', 'vectors', 'waypoints', 'users']) {
      database.exec(`UPDATE "${table}" SET user_id = CAST(x'ff6f' AS text) WHERE user_id = 'bob'`);
    }
    database.exec(`UPDATE memories SET id = CAST(x'fe' AS text) WHERE user_id = 'carol'`);
    database.close();
    const before = takeSnapshot(path);
    await upgrade(path);
    expectNothingLost(before, path);
    expect(select(path, `SELECT id, user_id FROM memories ORDER BY id`)).toEqual([
      ['m0', 'alice'],
      ['m1', 'bytes:FF6F'],
    ]);
    expect(select(path, `SELECT user_id FROM users ORDER BY user_id`)).toEqual([
      ['alice'],
      ['bytes:FF6F'],
      ['carol'],
    ]);
    expect(
      select(path, `SELECT source_table, reason FROM legacy_rows WHERE source_table = 'memories'`),
    ).toEqual([['memories', 'its id is no text']]);
    // Their recall index is filled like any other.
    expect(select(path, `SELECT DISTINCT index_version > 0 FROM scopes`)).toEqual([[1]]);
  });

  it('users of a vault with rows of nobody see those, as its row says', async () => {
    const [withNobody, without] = [fileOf('1.2.3', ['alice', null]), fileOf('1.2.3', ['alice'])];
    for (const [path, share] of [
      [withNobody, 1],
      [without, 0],
    ] as const) {
      await upgrade(path);
      expect(select(path, 'SELECT vault_id, share_unowned FROM vaults')).toEqual([['default-vault', share]]);
    }
  });
});

describe('the vault', () => {
  it('is the one of --vault for everything', async () => {
    const path = makeFile(tempFolder(), '1.2.3', plain(10));
    const { stdout } = await upgrade(path, '--vault', 'acme.eu');
    for (const table of [
      'memories',
      'vectors',
      'waypoints',
      'users',
      'stats',
      'facts',
      'legacy_rows',
      'vaults',
    ])
      expect(select(path, `SELECT DISTINCT vault_id FROM ${table}`), table).toEqual([['acme.eu']]);
    expect(stdout.trimEnd().split('\n').at(-1)).toContain(`-H 'X-Vault-Id: acme.eu'`);
  });

  it('of a former tenant is its own, in the releases that had tenants', async () => {
    const owners = [...HASHES, 'lg-user-0', '01F9350B55022160', '01f9350b550221600', null];
    const expected = [...HASHES.map((hash) => `om-${hash}`), ...Array(4).fill('default-vault')];
    const head = fileOf('HEAD', owners);
    const before = takeSnapshot(head);
    await upgrade(head);
    expectNothingLost(before, head);
    const rows = owners.map((owner, i) => [expected[i], `m${i}`, owner ?? '']);
    expect(select(head, 'SELECT vault_id, id, user_id FROM memories ORDER BY id')).toEqual(rows);
    expect(select(head, 'SELECT vault_id, memory_id, user_id FROM vectors ORDER BY memory_id')).toEqual(rows);
    expect(select(head, 'SELECT vault_id, src_id, user_id FROM waypoints ORDER BY src_id')).toEqual(rows);
    const facts = rows.map(([vault, id, owner]) => [vault, `f-${id}`, owner]);
    expect(select(head, 'SELECT vault_id, id, user_id FROM facts ORDER BY id')).toEqual(facts);

    const earlier = fileOf('1.2.3', owners);
    await upgrade(earlier);
    expect(select(earlier, 'SELECT DISTINCT vault_id FROM memories')).toEqual([['default-vault']]);
  });

  it('is one for all with --single-vault', async () => {
    const path = fileOf('HEAD', [...HASHES, 'lg-user-0']);
    await upgrade(path, '--single-vault', '--vault', 'all');
    expect(select(path, 'SELECT DISTINCT vault_id FROM memories')).toEqual([['all']]);
    expect(select(path, 'SELECT user_id FROM memories ORDER BY id').flat()).toEqual([...HASHES, 'lg-user-0']);
  });

  it('is what --vault-map says of an owner', async () => {
    const path = fileOf('HEAD', [...HASHES, 'lg-user-0', 'lg-user-1', null]);
    const map = join(path, '..', 'map.json');
    writeFileSync(map, JSON.stringify({ [HASHES[0]]: 'acme', 'lg-user-0': 'globex', '': 'attic' }));
    const before = takeSnapshot(path);
    await upgrade(path, `--vault-map=${map}`);
    expectNothingLost(before, path);
    expect(select(path, 'SELECT vault_id FROM memories ORDER BY id').flat()).toEqual([
      'acme',
      `om-${HASHES[1]}`,
      'globex',
      'default-vault',
      'attic',
    ]);
  });

  it.each([
    ['no JSON', '{"alice":'],
    ['no object', '["acme"]'],
    ['no text for a vault', '{"alice":1}'],
    ['a vault that can be none', '{"alice":"a b"}'],
    ['one owner twice', '{"alice":"a","alice":"b"}'],
  ])('stops at a map with %s', async (_, text) => {
    const path = fileOf('HEAD', ['alice']);
    const map = join(path, '..', 'map.json');
    writeFileSync(map, text);
    const before = sha256(path);
    const { status, stderr } = await migrate(path, 'run', `--vault-map=${map}`);
    expect(status, stderr).toBe(2);
    expect(stderr).not.toContain('    at ');
    expect(sha256(path)).toBe(before);
  });

  it.each(['a b', '', '../x', 'v'.repeat(129)])('stops at --vault %j', async (vault) => {
    const path = fileOf('HEAD', ['alice']);
    const before = sha256(path);
    expect((await migrate(path, 'run', '--vault', vault)).status).toBe(2);
    expect(sha256(path)).toBe(before);
  });
});
