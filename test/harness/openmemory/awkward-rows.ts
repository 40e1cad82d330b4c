import { type OpenMemoryFile, RawText, type Row, floats } from './file.js';
import { HASHES } from './plain-rows.js';

const AT = 1_795_166_950_000;
const V = floats([0.5, -0.25]);
const NOT_UTF8 = new RawText(Buffer.from([0x61, 0xe9, 0xff]));

const memory = (id: string, owner: Row[string], more: Row = {}): Row => ({
  id,
  user_id: owner,
  content: `The memory ${id} of others.`,
  primary_sector: 'episodic',
  tags: '[]',
  meta: '{}',
  created_at: AT,
  updated_at: AT,
  last_seen_at: AT,
  salience: 0.4,
  decay_lambda: 0.015,
  version: 1,
  ...more,
});

const VECTORS: readonly Row[] = [
  { id: 'm1', sector: 'episodic', user_id: 'mia', v: V, dim: 2 },
  { id: 'm1', sector: 'semantic', user_id: 'nils', v: floats([1]), dim: 1 },
  { id: 'm1', sector: '', user_id: null, v: Buffer.alloc(0), dim: 0 },
  { id: 'm1', sector: 'of a text', user_id: '', v: 'a text', dim: 'many' },
  { id: 'm1', sector: NOT_UTF8, user_id: NOT_UTF8, v: Buffer.from([1, 2, 3]), dim: 1.5 },
  { id: 'm2', sector: 'episodic', user_id: 'mia', project_id: 'other', v: floats([NaN, Infinity]), dim: 768 },
  { id: 'gone', sector: 'semantic', user_id: 'mia', v: V, dim: 2 },
  { id: 'GONE', sector: 'semantic', user_id: null, v: V, dim: -1 },
  { id: '', sector: 'semantic', user_id: null, v: V, dim: 9_223_372_036_854_775_807n },
];

const WAYPOINTS: readonly Row[] = [
  { src_id: 'm1', dst_id: 'm1', user_id: 'mia', weight: 1, created_at: AT, updated_at: AT },
  { src_id: 'm2', dst_id: 'm1', user_id: 'mia', weight: 0.1 + 0.2, created_at: null, updated_at: null },
  { src_id: 'm2', dst_id: 'm1', user_id: 'nils', weight: 0.75, created_at: AT, updated_at: AT },
  { src_id: 'm2', dst_id: 'm3', user_id: null, weight: 0.5, created_at: 'then', updated_at: 1.5 },
  { src_id: 'm2', dst_id: 'm3', user_id: null, weight: 0.25, created_at: AT, updated_at: AT },
  { src_id: 'm2', dst_id: 'm1', user_id: '', weight: 0.5, created_at: AT, updated_at: AT },
  { src_id: 'm3', dst_id: 'm1', user_id: 'nils', weight: Infinity, created_at: AT, updated_at: AT },
  { src_id: 'm3', dst_id: 'm1', user_id: 'Nils', weight: -Infinity, created_at: AT, updated_at: AT },
  { src_id: 'm4', dst_id: 'm1', user_id: 'mia', weight: 'strong', created_at: AT, updated_at: AT },
  {
    src_id: 'm5',
    dst_id: 'm6',
    user_id: 'mia',
    weight: -3,
    created_at: -1,
    updated_at: 9_007_199_254_740_993n,
  },
  { src_id: 'm6', dst_id: 'gone', user_id: 'mia', weight: 0.5, created_at: AT, updated_at: AT },
  { src_id: 'gone', dst_id: 'm1', user_id: 'mia', weight: 0.5, created_at: AT, updated_at: AT },
  { src_id: 'gone too', dst_id: 'gone', user_id: null, weight: 0.5, created_at: AT, updated_at: AT },
  { src_id: null, dst_id: 'm1', user_id: 'mia', weight: 0.5, created_at: AT, updated_at: AT },
  { src_id: null, dst_id: 'm1', user_id: null, weight: 0.5, created_at: AT, updated_at: AT },
  { src_id: NOT_UTF8, dst_id: Buffer.from('m1'), user_id: 'mia', weight: 1, created_at: AT, updated_at: AT },
  // From one tenant's memory to another's.
  {
    src_id: 'h1',
    dst_id: 'h2',
    user_id: HASHES[0],
    project_id: 'atlas',
    weight: 1,
    created_at: AT,
    updated_at: AT,
  },
  { src_id: 'h2', dst_id: 'm1', user_id: 'mia', weight: 1, created_at: AT, updated_at: AT },
  // As HEAD's import of documents writes it: a time for a weight.
  {
    src_id: 'm7',
    dst_id: 'm1',
    user_id: '1',
    project_id: '1.0',
    weight: AT,
    created_at: AT,
    updated_at: null,
  },
];

const USERS: readonly Row[] = [
  {
    user_id: 'mia',
    summary: 'Likes tea.\u0000 Or not.',
    reflection_count: 3,
    created_at: AT,
    updated_at: AT,
  },
  { user_id: 'Mia', summary: null, reflection_count: null, created_at: null, updated_at: null },
  { user_id: 'nobody known', summary: '', reflection_count: -1, created_at: 0, updated_at: AT },
  { user_id: '', summary: 'Of no one.', reflection_count: 1, created_at: AT, updated_at: AT },
  { user_id: null, summary: 'Of no name.', reflection_count: 1, created_at: AT, updated_at: AT },
  { user_id: null, summary: null, reflection_count: 0, created_at: AT, updated_at: AT },
  {
    user_id: 'u'.repeat(257),
    summary: 'x'.repeat(10_000),
    reflection_count: 0,
    created_at: 'x',
    updated_at: AT,
  },
  { user_id: NOT_UTF8, summary: NOT_UTF8, reflection_count: 'x', created_at: AT, updated_at: AT },
  {
    user_id: Buffer.from('mia'),
    summary: Buffer.from([0]),
    reflection_count: 1.5,
    created_at: AT,
    updated_at: 1.5,
  },
  {
    user_id: '30a9e9b927f928fb',
    summary: 'A tenant without memories.',
    reflection_count: 0,
    created_at: AT,
    updated_at: AT,
  },
];

const STATS: readonly Row[] = [
  { id: 100, type: 'qps', count: 5, ts: AT },
  { id: 101, type: 'qps', count: 5, ts: AT },
  { id: 103, type: '', count: null, ts: 0 },
  { id: 104, type: 'a"b', count: 9_223_372_036_854_775_807n, ts: -1 },
  { id: 105, type: NOT_UTF8, count: 'x', ts: 'x' },
  { id: 9_007_199_254_740_993n, type: Buffer.from('qps'), count: 1.5, ts: 1.5 },
];

const fact = (id: Row[string], more: Row): Row => ({
  id,
  user_id: 'mia',
  project_id: null,
  subject: `Subject ${String(id)}`,
  predicate: 'is',
  object: 'x',
  valid_from: AT,
  valid_to: null,
  confidence: 1,
  last_updated: AT,
  metadata: null,
  ...more,
});

const FACTS: readonly Row[] = [
  fact('f1', { metadata: '{"a":9007199254740993}' }),
  fact('f2', { metadata: '{broken', confidence: 0, valid_to: -1 }),
  fact('f3', { metadata: '', user_id: null, confidence: 0.1 + 0.2 }),
  fact('f4', { user_id: '__legacy_orphan__', valid_from: 'then', valid_to: 'now', last_updated: 1.5 }),
  fact('f5', { user_id: '', subject: '', predicate: '', object: '', metadata: 'null' }),
  fact('f6', { user_id: HASHES[1], project_id: 'atlas', metadata: '[1]' }),
  fact('f7', {
    subject: NOT_UTF8,
    object: Buffer.from([0xff]),
    metadata: Buffer.from('{}'),
    user_id: NOT_UTF8,
  }),
  fact(null, { metadata: '{"of":"no id"}' }),
  fact(null, { object: 'y' }),
  fact('', { object: 'of an empty id', valid_from: 9_223_372_036_854_775_807n }),
];

const edge = (id: Row[string], source: Row[string], target: Row[string], more: Row = {}): Row => ({
  id,
  source_id: source,
  target_id: target,
  relation_type: 'follows',
  valid_from: AT,
  valid_to: null,
  weight: 0.5,
  metadata: null,
  ...more,
});

const FACT_EDGES: readonly Row[] = [
  edge('e1', 'f1', 'f2', { metadata: '{"a":1,"a":2}' }),
  edge('e2', 'f1', 'f1', { weight: Infinity, valid_to: 'x', metadata: '{' }),
  edge('e3', 'f1', 'gone'),
  edge('e4', 'gone', 'f1'),
  edge('e5', 'f1', 'f6'),
  edge(null, 'f1', 'f2'),
  edge(NOT_UTF8, 'f1', 'f2', { relation_type: NOT_UTF8, valid_from: 'x', weight: 'x' }),
];

const LOGS: readonly Row[] = [
  { id: 'm1', model: 'text-embedding-3-small', status: 'completed', ts: AT, err: null },
  { id: 'm2', model: null, status: 'failed', ts: AT, err: 'Bearer …\u0000 refused' },
  { id: 'm3', model: '', status: 'pending', ts: null, err: NOT_UTF8 },
  { id: null, model: 'x', status: null, ts: 'x', err: Buffer.from([1]) },
  { id: 'gone', model: 'multi-sector', status: 'completed', ts: 1.5, err: '' },
];

/** What HEAD stores of a large document: thirteen values, of the table as it was before 1.2, into nineteen columns. */
const ROOT: Row = {
  id: 'm7',
  user_id: `[Document: PDF]\n\n${'Lorem ipsum dolor sit amet. '.repeat(18)}\n\n[Full content split across 4 sections]`,
  project_id: 'reflective',
  segment: '["document"]',
  content: '{"is_root":true,"content_type":"pdf"}',
  simhash: `${AT}.0`,
  primary_sector: `${AT}.0`,
  tags: `${AT}.0`,
  meta: '1',
  created_at: 0.1,
  updated_at: 1,
  last_seen_at: null,
  salience: null,
  decay_lambda: null,
  version: null,
};

/** Odd rows of every table but the memories themselves, and the memories that they lead to. */
export function storeAwkwardRows(file: OpenMemoryFile): void {
  for (const [id, owner] of [
    ['m1', 'mia'],
    ['m2', 'mia'],
    ['m3', 'nils'],
    ['m4', null],
    ['m5', ''],
    ['m6', 'anonymous'],
    ['h1', HASHES[0]],
    ['h2', HASHES[1]],
  ] as const)
    file.insert('memories', memory(id, owner));
  file.insert('memories', ROOT);
  for (const row of VECTORS) file.insertVector(row);
  const perUser = file.keyOf('waypoints').length > 1;
  const seen = new Set<unknown>();
  for (const row of WAYPOINTS) {
    // Before there were users a memory had one edge.
    if (!perUser && row.src_id !== null && seen.has(row.src_id)) continue;
    seen.add(row.src_id);
    file.insert('waypoints', row);
  }
  for (const row of USERS) file.insert('users', row);
  for (const row of STATS) file.insert('stats', row);
  for (const row of FACTS) file.insert('temporal_facts', row);
  for (const row of FACT_EDGES) file.insert('temporal_edges', row);
  for (const row of LOGS) file.insert('embed_logs', row);
}
