import type { Random } from '../random.js';
import { oddValues } from './awkward-memories.js';
import { type OpenMemoryFile, type Row, type Value, floats } from './file.js';
import { HASHES } from './plain-rows.js';

const AT = 1_795_167_000_000;
const PEOPLE: readonly Value[] = [null, '', 'ada', 'Ada', 'ada ', 'anonymous', HASHES[0], HASHES[1]];
const SECTORS: readonly Value[] = ['episodic', 'semantic', 'procedural', 'custom'];

/** Rows of every table, most of whose values are ordinary and each of which may be odd. */
export function storeRandomRows(file: OpenMemoryFile, random: Random, memories: number): void {
  const odd = (column: string, ordinary: Value): Value =>
    random.chance(0.1) ? random.pick(oddValues(column)) : ordinary;
  const time = () => odd('created_at', AT + random.below(1_000_000));
  const owner = () => odd('user_id', random.pick(PEOPLE));
  const project = () => odd('project_id', random.chance(0.3) ? 'atlas' : null);
  const blob = () => floats(Array.from({ length: random.below(4) }, () => random.next()));
  const ids = Array.from({ length: memories }, (_, i) => `r${i}`);
  // Some lead nowhere.
  const anyId = (): Value => (random.chance(0.1) ? `gone ${random.below(5)}` : random.pick(ids));

  for (const [i, id] of ids.entries())
    file.insert('memories', {
      id: random.chance(0.03) ? null : id,
      user_id: owner(),
      project_id: project(),
      segment: random.below(3),
      content: odd(
        'content',
        `Number ${i} of ${random.below(1_000)} words ${'and '.repeat(random.below(9))}`,
      ),
      simhash: random.chance(0.5) ? null : String(random.next()),
      primary_sector: odd('primary_sector', random.pick(SECTORS)),
      tags: odd('tags', '["a"]'),
      meta: odd('meta', '{"a":1}'),
      created_at: time(),
      updated_at: time(),
      last_seen_at: time(),
      salience: odd('salience', random.next()),
      decay_lambda: odd('salience', 0.01),
      version: odd('version', 1 + random.below(4)),
      mean_dim: random.chance(0.5) ? null : random.below(4),
      mean_vec: random.chance(0.5) ? null : blob(),
      compressed_vec: random.chance(0.8) ? null : blob(),
      feedback_score: odd('salience', 0),
    });
  const tables: readonly [table: string, rows: number, row: (i: number) => Row][] = [
    [
      file.vectorTable,
      memories * 1.5,
      () => ({
        id: anyId(),
        sector: random.pick(SECTORS),
        user_id: owner(),
        project_id: project(),
        v: blob(),
        dim: 4,
      }),
    ],
    [
      'waypoints',
      memories * 2,
      () => ({
        src_id: random.chance(0.03) ? null : anyId(),
        dst_id: anyId(),
        user_id: owner(),
        project_id: project(),
        weight: odd('salience', random.next()) ?? 0,
        created_at: time(),
        updated_at: time(),
      }),
    ],
    [
      'users',
      6,
      () => ({
        user_id: owner(),
        summary: odd('content', 's'),
        reflection_count: odd('version', 0),
        created_at: time(),
        updated_at: time(),
      }),
    ],
    [
      'stats',
      20,
      () => ({ type: random.pick(['qps', 'decay']), count: odd('version', 1), ts: AT + random.below(5) }),
    ],
    [
      'temporal_facts',
      20,
      (i) => ({
        id: random.chance(0.1) ? null : `rf${i}`,
        user_id: owner(),
        project_id: project(),
        subject: odd('content', 'Ada'),
        predicate: 'is',
        object: String(random.below(4)),
        valid_from: time() ?? 0,
        valid_to: time(),
        confidence: random.next(),
        last_updated: time() ?? 0,
        metadata: odd('meta', null),
      }),
    ],
    [
      'temporal_edges',
      20,
      (i) => ({
        id: random.chance(0.1) ? null : `re${i}`,
        source_id: `rf${random.below(25)}`,
        target_id: `rf${random.below(25)}`,
        relation_type: 'follows',
        valid_from: time() ?? 0,
        valid_to: time(),
        weight: odd('salience', 0.5) ?? 0,
        metadata: odd('meta', '{}'),
      }),
    ],
    [
      'embed_logs',
      memories,
      (i) => ({
        id: `r${i}`,
        model: random.pick(['multi-sector', null]),
        status: 'completed',
        ts: time(),
        err: odd('content', null),
      }),
    ],
  ];
  for (const [table, rows, row] of tables)
    for (let i = 0; i < rows; i += 1) insertUnlessKnown(file, table, row(i));
}

/** Some are there already, by chance. */
function insertUnlessKnown(file: OpenMemoryFile, table: string, row: Row): void {
  try {
    file.insert(table, row);
  } catch (error) {
    if (!/UNIQUE constraint/.test((error as Error).message)) throw error;
  }
}
