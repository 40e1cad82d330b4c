import 'reflect-metadata';
import { existsSync, mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readData } from '../src/upgrade/import/ledger-row.js';
import { runBuilt } from './harness/built.js';
import { DatabaseView } from './harness/database-view.js';
import { recordFigure } from './harness/figures.js';
import { type Here, importHere, undoHere } from './harness/import/import-here.js';
import { importedState } from './harness/import/imported-state.js';
import {
  type Rows,
  type Values,
  cellsOfLedger,
  makeMetamorph,
  rowsOfFile,
} from './harness/import/metamorph-file.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { copyOf, environmentOf, migratedDatabase } from './harness/migrated-database.js';
import { onPostgres } from './harness/postgres/postgres-databases.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';
import { copyInto } from './harness/openmemory/samples.js';

const seed = randomSeed('import.metamorph');
const AT = '2025-03-01T10:00:00.000Z';
const ms = (text: string) => Date.parse(text);
const at = (minute: number) => new Date(ms(AT) + 60_000 * minute).toISOString();
const STANCE = '{"frame": "playful", "big": 12345678901234567890}';
const CONFIG = '{"model":"m","apiKey":"SECRET-1"}';

const conversation = (id: string): Values => ({
  id,
  stance: STANCE,
  config: CONFIG,
  created_at: AT,
  updated_at: at(9),
});
const session = (id: string, conversation_id: string | null, created_by: string | null): Values => ({
  ...{ id, name: `Talk ${id}`, conversation_id, created_by, created_at: AT, last_accessed: at(5) },
});
const message = (
  id: string,
  conversation_id: string,
  content: string,
  minute: number,
  more: Values = {},
): Values => ({
  ...{ id, conversation_id, role: 'user', content, timestamp: at(minute), ...more },
});
const semantic = (id: string, content: string, more: Values = {}): Values => ({
  ...{
    id,
    type: 'semantic',
    content,
    importance: 0.5,
    decay: 0.95,
    timestamp: AT,
    metadata: '{}',
    user_id: 'ana',
  },
  ...more,
});

const ROWS: Rows = {
  conversations: [conversation('c1'), conversation('c2'), conversation('shared')],
  sessions: [
    session('default', 'c1', 'ana'),
    session('s:2', 'c2', "o'brien 🦊"),
    session('s3', 'shared', 'ana'),
    session('s4', 'shared', 'ben'),
    session('s5', null, null),
  ],
  session_states: [
    {
      id: 'default',
      created_at: AT,
      last_activity: at(1),
      stance: STANCE,
      config: CONFIG,
      metadata: '{"pinned":true}',
    },
    { id: 'alone', name: 'Lone', created_at: AT, last_activity: at(2), stance: '{', config: '{}' },
  ],
  messages: [
    // Not in the order of time.
    message('m2', 'c1', 'Which trains? 🚂', 2, { role: 'assistant', tools_used: '["Read"]' }),
    message('m1', 'c1', 'I like night trains', 1),
    message('m3', 'c2', '', 1),
    message('m4', 'gone', 'Of a conversation that is gone', 1),
    message('m5', 'shared', 'Of two', 1),
    message('m6', 'shared', 'Of one of two', 2, { session_id: 's4' }),
    message('nul', 'c2', 'a\u0000b', 3),
    message('long', 'c2', 'é🦊 '.repeat(40_000), 4),
  ],
  semantic_memory: [
    semantic('k1', 'Ana likes trains', {
      ...{ type: 'episodic', embedding: Buffer.from('0000803f0000003f', 'hex'), importance: 1.7 },
      metadata: '{"tags":["travel"],"conversationId":"c1","vault_id":"evil","n":1.0}',
    }),
    semantic('k2', 'Ana likes trains', { type: 'identity', embedding: Buffer.from('01020304050607', 'hex') }),
    semantic('k3', 'Epoch', {
      type: 'odd',
      timestamp: '1740823200000',
      importance: -0.2,
      metadata: '{"broken',
    }),
    semantic('k4', 'No date', { timestamp: 'not a date', user_id: '', metadata: null }),
    semantic('k5', '30 February', { timestamp: '2025-02-30T00:00:00.000Z', user_id: null }),
    semantic('k6', 'No user that can be', { user_id: 'x'.repeat(300) }),
    semantic('k7', 'Another', { type: 'semantic' }),
    { ...semantic('', 'no id'), id: null },
    { ...semantic('', 'also none'), id: null },
    // The id of a message: another table, another memory.
    semantic('m1', 'The same id'),
  ],
  identity: [
    {
      ...{ id: 'i1', self_model: 'witness', persistent_values: '["honesty","好奇心"]', emergent_goals: '[]' },
      ...{
        consciousness_insights: '[]',
        awareness_level: 2n ** 60n,
        autonomy_level: 1,
        identity_strength: 3,
      },
      ...{ created_at: AT, updated_at: at(1) },
    },
  ],
  identity_checkpoints: [
    { id: 'ic', identity_id: 'i1', user_id: 'ana', version: 2, checkpoint: '{"a":1}', created_at: AT },
  ],
  evolution_snapshots: [
    {
      id: 'e1',
      conversation_id: 'c1',
      stance: STANCE,
      trigger: 'manual',
      drift_at_snapshot: 3,
      timestamp: AT,
    },
  ],
  emotional_arcs: [
    ...[
      {
        id: 'c1',
        conversation_id: 'c1',
        emotions: '[]',
        insights: '["calm"]',
        patterns: '[]',
        trend: 'improving',
      },
    ].map((row) => ({ ...row, updated_at: AT })),
  ],
  emotion_context: [
    {
      ...{
        id: 'ec',
        session_id: 'default',
        current_emotion: 'happy',
        valence: 0.5,
        arousal: -0.0,
        confidence: 1e300,
      },
      timestamp: AT,
    },
  ],
  subagent_results: [
    {
      id: 'r1',
      subagent_name: 'x',
      task: 'Find',
      response: 'Found',
      relevance: 0.6,
      conversation_id: 'c1',
      timestamp: AT,
    },
    {
      id: 'r2',
      subagent_name: 'x',
      task: 'Old',
      response: 'Gone',
      relevance: 0.6,
      timestamp: AT,
      expiry: at(1),
    },
  ],
  operator_performance: [
    { id: 'o1', operator_name: 'Reframe', trigger_type: 'novelty', effectiveness_score: 30.5, timestamp: AT },
    {
      id: 'o2',
      operator_name: 'R'.repeat(5_000),
      trigger_type: 'novelty',
      effectiveness_score: Infinity,
      timestamp: AT,
    },
  ],
  memory_associations: [
    {
      id: 'a1',
      source_memory_id: 'k1',
      target_memory_id: 'k2',
      association_type: 'supports',
      strength: 3.5,
      created_at: AT,
    },
    { id: 'a2', source_memory_id: 'k1', target_memory_id: 'k1', association_type: 'supports', strength: 1 },
    { id: 'a3', source_memory_id: 'k1', target_memory_id: 'none', association_type: 'supports', strength: 1 },
    { id: 'a4', source_memory_id: 'k2', target_memory_id: 'k7', association_type: null, strength: null },
    { id: 'a5', source_memory_id: 'k1', target_memory_id: 'k5', association_type: 'supports', strength: 1 },
    { id: 'a6', source_memory_id: 'k1', target_memory_id: 'k2', association_type: 'supports', strength: 0.1 },
  ],
  steering_messages: [
    { id: 'st', session_id: 'default', content: 'Steer', created_by: 'ana', timestamp: 1740823200000 },
  ],
  vercel_connections: [
    { id: 'v', vault_id: 'default-vault', access_token: 'SECRET-2', refresh_token: 'SECRET-3', scopes: '[]' },
  ],
  sandboxes: [
    {
      ...{ id: 'sb', vault_id: 'default-vault', name: 'box', environment: '{"PATH":"SECRET-4"}' },
      agent_config: '{"nested":[{"password":"SECRET-5","max_tokens":9}]}',
    },
  ],
  plugin_notes: [{ note: 'n', 'odd "name"': 7 }],
  schema_migrations: [{ id: '001_add_vault_id', applied_at: AT, checksum: 'x' }],
};

/** The rows above in a file, and their session files beside it. */
function makeFiles(vaults?: (row: Values) => string): { file: string; sessions: string } {
  const folder = tempFolder();
  const sessions = join(folder, 'sessions');
  mkdirSync(sessions);
  const state = (id: string, lastActivity: string, more = {}) =>
    JSON.stringify({
      id,
      createdAt: AT,
      lastActivity,
      stance: {},
      config: { token: 'SECRET-6' },
      messageCount: 2,
      ...more,
    });
  writeFileSync(join(sessions, 'default.json'), state('default', at(3), { name: 'Newest' }));
  writeFileSync(join(sessions, 'file-only.json'), state('file-only', at(3), { vaultId: 'default-vault' }));
  writeFileSync(join(sessions, 'broken.json'), '{"id": "x", "secret": "SECRET-7"');
  writeFileSync(join(sessions, 'notes.txt'), 'no session');
  return { file: makeMetamorph(join(folder, 'metamorph.db'), ROWS, vaults), sessions };
}

const importMetamorph = (place: string, { file, ...here }: { file: string } & Here) =>
  importHere(place, 'metamorph', file, here);

function query<Row = Record<string, unknown>>(place: string, sql: string, ...values: unknown[]): Row[] {
  const view = new DatabaseView(place);
  const rows = view.all<Row>(sql, ...values);
  view.close();
  return rows;
}

const ledger = (place: string) =>
  query<{ source_table: string; reason: string; data: string; vault_id: string }>(
    place,
    "SELECT * FROM legacy_rows WHERE source_table LIKE 'metamorph/%'",
  ).map((row) => ({ ...row, ...readData(row.data), table: row.source_table.replace('metamorph/', '') }));

/** Every row of a file is in the ledger once, as it was. */
function expectAccounted(place: string, file: string, exceptTables: readonly string[] = []): void {
  const kept = ledger(place);
  for (const [table, rows] of rowsOfFile(file)) {
    const own = kept.filter((row) => row.table === table);
    expect([table, own.length]).toEqual([table, rows.length]);
    if (exceptTables.includes(table)) continue;
    const cells = own.map(({ text }) => JSON.stringify(cellsOfLedger(text)));
    expect(cells.sort()).toEqual(rows.map((row) => JSON.stringify(row)).sort());
  }
}

const memoriesOf = (place: string, ...ids: string[]) =>
  ids.map(
    (id) =>
      query(place, 'SELECT * FROM memories WHERE id = ?', id)[0] as Record<string, string | number | null>,
  );

describe('a database of Metamorph', () => {
  it('comes over with every row, each once and as it was', async () => {
    const place = await migratedDatabase();
    const files = makeFiles();
    const report = await importMetamorph(place, { ...files, withSecrets: true });
    expect(report.vaults.map(({ vaultId, problems }) => [vaultId, problems])).toEqual([['acme', []]]);
    expectAccounted(place, files.file);
    expect(ledger(place).filter(({ table }) => table === 'session_files')).toHaveLength(3);
    expect(auditIndex(place)).toMatchObject(SOUND);
    expect(report.vaults[0].counts.tables).toMatchObject({
      conversations: { imported: 3 },
      sessions: { imported: 5 },
      session_states: { imported: 1, kept: 1 },
      session_files: { imported: 1, kept: 1, quarantined: 1 },
      messages: { imported: 8 },
      semantic_memory: { imported: 9, quarantined: 1 },
      subagent_results: { imported: 1, kept: 1 },
      operator_performance: { imported: 2 },
      memory_associations: { imported: 2, kept: 1, quarantined: 3 },
      steering_messages: { kept: 1 },
      vercel_connections: { kept: 1 },
      plugin_notes: { kept: 1 },
      schema_migrations: { kept: 1 },
    });
  });

  it('becomes memories with their times, users, sectors, sessions and what else was known', async () => {
    const place = await migratedDatabase();
    await importMetamorph(place, makeFiles());
    const [m1, m2, m4, m5, m6, k1, k2, k3, k4] = memoriesOf(
      place,
      'm1',
      'm2',
      'm4',
      'm5',
      'm6',
      'k1',
      'k2',
      'k3',
      'k4',
    );
    expect(m1).toMatchObject({
      ...{ user_id: 'ana', content: 'I like night trains', primary_sector: 'episodic', session_id: 'c1' },
      ...{ created_at: ms(at(1)), updated_at: ms(at(1)), last_seen_at: ms(at(1)) },
    });
    expect(JSON.parse(m2.metadata as string)).toEqual({
      metamorph: { kind: 'message', role: 'assistant', tools_used: ['Read'] },
    });
    expect(m1.position).toBeLessThan(m2.position as number);
    expect([m4.user_id, m4.session_id, m5.user_id, m6.user_id]).toEqual(['', 'gone', '', 'ben']);
    expect(k1).toMatchObject({
      user_id: 'ana',
      primary_sector: 'episodic',
      salience: 1,
      tags: '["travel"]',
      created_at: ms(AT),
    });
    expect(k1.metadata).toMatch(
      /^\{"tags":\["travel"\],"conversationId":"c1","vault_id":"evil","n":1.0,"metamorph":\{/,
    );
    expect(k2.primary_sector).toBe('reflective');
    expect(k3).toMatchObject({ primary_sector: 'semantic', salience: 0, created_at: 1740823200000 });
    expect(k4.user_id).toBe('');
    expect(k4.metadata).toMatch(/"timestamp":"not a date"/);
    expect(k4.created_at).toBeGreaterThan(ms(at(60)));
    const [twin] = memoriesOf(place, 'metamorph:semantic_memory:m1');
    expect(twin.content).toBe('The same id');
    const [nul, long] = memoriesOf(place, 'nul', 'long');
    expect([nul.content, (long.content as string).length]).toEqual([
      onPostgres ? 'a\ufffdb' : 'a\u0000b',
      160_000,
    ]);
    const [head, talk, alone, fileOnly] = memoriesOf(
      place,
      'conv:c1',
      'session:default',
      'session:alone',
      'session:file-only',
    );
    expect(head).toMatchObject({ user_id: 'ana', session_id: 'c1', updated_at: ms(at(9)) });
    expect(head.metadata).toMatch(/"stance":\{"frame": "playful", "big": 12345678901234567890\}/);
    // The newest state is that of the file.
    expect(JSON.parse(talk.metadata as string)).toMatchObject({
      metamorph: { kind: 'session', state: { name: 'Newest' } },
    });
    expect(talk).toMatchObject({ content: 'Talk default', user_id: 'ana', last_seen_at: ms(at(5)) });
    expect([alone.content, fileOnly.content]).toEqual(['Lone', 'Session file-only']);
    const [identity] = memoriesOf(place, 'identity:i1');
    expect(identity.content).toBe('witness\nhonesty\n好奇心');
    expect(identity.metadata).toMatch(/"awareness_level":1152921504606846976/);
    expect(query(place, 'SELECT memory_id, dim, model FROM vectors')).toEqual([
      { memory_id: 'k1', dim: 2, model: 'metamorph/unknown' },
    ]);
    expect(query(place, "SELECT type, ts FROM stats WHERE type LIKE '%.%'")).toEqual([
      { type: 'operator.performance', ts: ms(AT) },
      { type: 'operator.performance', ts: ms(AT) },
    ]);
  });

  it('keeps what belongs together together', async () => {
    const place = await migratedDatabase();
    await importMetamorph(place, makeFiles());
    const edges = query<{ src_id: string; dst_id: string; type: string; weight: number }>(
      place,
      "SELECT src_id, dst_id, type, weight FROM waypoints WHERE type <> 'similar'",
    ).map(({ src_id, dst_id, type, weight }) => `${src_id} ${type} ${dst_id} ${weight}`);
    expect(edges).toEqual(
      expect.arrayContaining([
        ...[
          'm1 part_of conv:c1 1',
          'm2 part_of conv:c1 1',
          'm1 next m2 1',
          'session:default part_of conv:c1 1',
        ],
        ...[
          'k1 part_of conv:c1 1',
          'evolution_snapshots:e1 part_of conv:c1 1',
          'emotional_arcs:c1 part_of conv:c1 1',
        ],
        ...['emotion_context:ec part_of session:default 1', 'k1 supports k2 1', 'k2 similar_to k7 1'],
      ]),
    );
    const reasons = ledger(place)
      .filter(({ table }) => table === 'memory_associations')
      .sort((a, b) => a.head.ordinal - b.head.ordinal)
      .map(({ reason }) => reason);
    expect(reasons).toEqual([
      'imported',
      'quarantined: it leads from a memory to itself',
      'quarantined: a memory at one of its ends is missing',
      'imported',
      'quarantined: its ends belong to two owners',
      'kept: there is such a waypoint already',
    ]);
  });

  it('leaves its secrets behind unless they are asked for', async () => {
    const place = await migratedDatabase();
    const files = makeFiles();
    const texts = (at: string) =>
      query(at, 'SELECT * FROM legacy_rows UNION ALL SELECT * FROM legacy_rows WHERE 1 = 0')
        .concat(query(at, 'SELECT * FROM memories'), query(at, 'SELECT * FROM imports'))
        .map((row) => JSON.stringify(row));
    const other = copyOf(place);
    await importMetamorph(place, files);
    expect(texts(place).filter((text) => text.includes('SECRET'))).toEqual([]);
    const dropped = ledger(place).filter(({ head }) => head.secrets === 'dropped');
    expect(new Set(dropped.map(({ table }) => table))).toEqual(
      new Set(['conversations', 'session_states', 'session_files', 'vercel_connections', 'sandboxes']),
    );
    const [box] = dropped.filter(({ table }) => table === 'sandboxes');
    expect(box.text).toMatch(/max_tokens\\":9/);
    expectAccounted(place, files.file, [
      'conversations',
      'session_states',
      'vercel_connections',
      'sandboxes',
    ]);
    await importMetamorph(other, { ...files, withSecrets: true });
    const all = texts(other).join();
    for (let n = 1; n <= 6; n += 1) expect(all).toContain(`SECRET-${n}`);
  });

  it('brings its vaults, or comes into one, or goes where it is told', async () => {
    const vaults = ['default-vault', 'user-ana', 'naïve', ''];
    const random = new Random(seed);
    const files = makeFiles(() => vaults[random.below(vaults.length)]);
    const vaultsIn = (place: string) =>
      query<{ vault_id: string; name: string }>(
        place,
        'SELECT vault_id, name FROM vaults ORDER BY vault_id',
      ).map(({ vault_id, name }) => [vault_id, name]);
    const place = await migratedDatabase();
    const [single, mapped] = [copyOf(place), copyOf(place)];
    await importMetamorph(place, { ...files, withSecrets: true });
    expect(vaultsIn(place)).toEqual([
      ...[
        ['acme', 'acme'],
        ['na:c3:afve', 'naïve'],
        ['user-ana', 'user-ana'],
      ],
    ]);
    expectAccounted(place, files.file);
    for (const { vault_id, text } of ledger(place).filter(({ text }) => text.includes('"vault_id":'))) {
      const { vault_id: from } = JSON.parse(text) as { vault_id: string };
      expect(vault_id).toBe({ 'user-ana': 'user-ana', naïve: 'na:c3:afve' }[from] ?? 'acme');
    }
    expect(auditIndex(place)).toMatchObject(SOUND);
    await importMetamorph(single, { ...files, singleVault: true });
    expect(vaultsIn(single)).toEqual([['acme', 'acme']]);
    await importMetamorph(mapped, { ...files, vaultMap: { naïve: 'naive', '': 'lost' } });
    expect(vaultsIn(mapped).map(([id]) => id)).toEqual(['acme', 'lost', 'naive', 'user-ana']);
  });

  it('adds nothing the second time, and is taken back', async () => {
    const place = await migratedDatabase();
    const files = makeFiles();
    const { importId } = await importMetamorph(place, { ...files, rowsAtOnce: 7 });
    const before = importedState(place);
    expect((await importMetamorph(place, files)).vaults).toMatchObject([{ fresh: 0, problems: [] }]);
    expect(importedState(place)).toEqual(before);
    await undoHere(place, importId);
    const { term_blocks, scopes, stats, ...rest } = importedState(place);
    void [term_blocks, scopes];
    for (const [table, rows] of Object.entries(rest)) expect([table, rows]).toEqual([table, []]);
    expect(stats.filter((row) => row.includes('operator'))).toEqual([]);
  });

  it('goes on where it was killed, and ends the same', async () => {
    const { file } = makeFiles((row) => (String(row.id).endsWith('1') ? 'one' : 'default-vault'));
    const place = await migratedDatabase();
    const die = (at: string, statement: number) =>
      runBuilt(
        'test/harness/import/import-and-die',
        [String(statement), 'metamorph', file],
        environmentOf(at),
      );
    const whole = copyOf(place);
    const { stdout, stderr } = await die(whole, 0);
    const statements = Number(stdout);
    expect(statements, stderr).toBeGreaterThan(50);
    // In the blocks of the index are the times of rows that have those of the import.
    const stateOf = (at: string) => ({ ...importedState(at), term_blocks: [] });
    const expected = stateOf(whole);
    const random = new Random(seed);
    for (let kill = 0; kill < 5; kill += 1) {
      const n = 1 + random.below(Math.floor(0.9 * statements));
      const killed = copyOf(place);
      expect((await die(killed, n)).signal).toBe('SIGKILL');
      await importMetamorph(killed, { file, rowsAtOnce: 100 });
      expect(stateOf(killed), `killed before statement ${n}`).toEqual(expected);
      expect(auditIndex(killed)).toMatchObject(SOUND);
    }
  });

  it('is told from what is none', async () => {
    const place = await migratedDatabase();
    const { file } = makeFiles();
    const folder = tempFolder();
    const text = join(folder, 'text.db');
    writeFileSync(text, 'no database, whatever it is called');
    const other = join(folder, 'other.db');
    makeMetamorph(other, {});
    const cut = makeMetamorph(join(folder, 'cut.db'), ROWS);
    truncateSync(cut, 8192);
    const cases: [path: string, here: Here, complaint: RegExp][] = [
      [join(folder, 'none.db'), {}, /There is no file/],
      [folder, {}, /is no file/],
      [text, {}, /is no SQLite database/],
      [cut, {}, /cannot be read: database disk image is malformed/],
      [file, { sessions: join(folder, 'none') }, /--sessions: .* cannot be read/],
    ];
    const before = importedState(place);
    for (const [path, here, complaint] of cases) {
      await expect(importHere(place, 'metamorph', path, here)).rejects.toThrow(complaint);
    }
    expect(importedState(place)).toEqual(before);
    // One without rows is one all the same.
    expect((await importMetamorph(place, { file: other })).vaults).toEqual([]);
  });
});

const samples = process.env.CAIRN_DATA ? join(process.env.CAIRN_DATA, 'legacy') : '';

describe.skipIf(!existsSync(samples))('the samples of Metamorph in CAIRN_DATA', () => {
  it('lose nothing', async () => {
    const names = readdirSync(samples).filter((name) => /^metamorph-.*\.sqlite$/.test(name));
    expect(names.length).toBeGreaterThan(0);
    for (const name of names) {
      const place = await migratedDatabase();
      const file = copyInto(tempFolder(), join(samples, name));
      const report = await importMetamorph(place, { file, withSecrets: true });
      expect(report.vaults.flatMap(({ problems }) => problems)).toEqual([]);
      const rows = [...rowsOfFile(file).values()].reduce((sum, list) => sum + list.length, 0);
      recordFigure('import.rows', rows);
      recordFigure('import.lost', rows - ledger(place).length);
      expectAccounted(place, file);
      expect(auditIndex(place)).toMatchObject(SOUND);
      const again = await importMetamorph(place, { file });
      expect(again.vaults.every(({ fresh }) => fresh === 0)).toBe(true);
    }
  });
});
