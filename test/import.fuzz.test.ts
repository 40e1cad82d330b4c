import 'reflect-metadata';
import fc from 'fast-check';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { importHere, undoHere } from './harness/import/import-here.js';
import { importedState } from './harness/import/imported-state.js';
import { makeMetamorph } from './harness/import/metamorph-file.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { copyOf, migratedDatabase } from './harness/migrated-database.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';

const seed = randomSeed('import.fuzz');
const NAMES = [
  ...[
    'id',
    'memory_id',
    'uuid',
    'user_id',
    'uid',
    'session_id',
    'run_id',
    'thread_id',
    'collection',
    'project_id',
  ],
  ...[
    'memory',
    'content',
    'text',
    'body',
    'summary',
    'data',
    'type',
    'name',
    'metadata',
    'meta',
    'tags',
    'labels',
  ],
  ...[
    'categories',
    'created_at',
    'createdAt',
    'updated_at',
    'last_seen',
    'last_seen_at',
    'expires_at',
    'embedding',
  ],
  ...[
    'expiration_date',
    'salience',
    'decay_lambda',
    'version',
    'primary_sector',
    'sectors',
    'containerTags',
    'session',
  ],
  ...[
    'subject',
    'predicate',
    'object',
    'valid_from',
    'valid_to',
    'confidence',
    'reflection_count',
    'messages',
    'results',
  ],
  ...['__proto__', 'constructor', 'jsonl', 'mem0', ''],
];

/** What exports should not hold, and do. */
const awkward = fc.constantFrom<unknown>(
  ...[
    '',
    ' ',
    '\u0000',
    '\ud83e',
    '🦊',
    'x'.repeat(300),
    'x'.repeat(3_000),
    '{"a":1}',
    '[1,"x"]',
    '[',
    'null',
    "'",
  ],
  ...[
    '2024-01-01',
    '2024-02-30',
    '1e9',
    '-1',
    'ana',
    'ben',
    'semantic',
    'm1',
    'm2',
    'a\nb',
    '\u2028',
    '%_',
    '__proto__',
  ],
  ...[
    0,
    -0,
    1,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    1e300,
    -1e300,
    1_700_000_000,
    1_700_000_000_000,
    9e15,
    null,
    true,
    false,
  ],
  ...[
    [],
    {},
    [[]],
    [{}],
    [1, 0.5],
    ['a', 'a'],
    [null],
    ['\u0000', '\ud83e'],
    { a: '\u0000' },
    { n: { n: {} } },
  ],
);
const value = fc.oneof({ arbitrary: awkward, weight: 3 }, { arbitrary: fc.jsonValue(), weight: 1 });
const record = fc
  .array(fc.tuple(fc.constantFrom(...NAMES), value), { maxLength: 12 })
  .map(
    (members) =>
      `{${members.map(([name, one]) => `${JSON.stringify(name)}:${JSON.stringify(one)}`).join(',')}}`,
  );
const line = fc.oneof(
  { arbitrary: record, weight: 8 },
  {
    arbitrary: record.map((text) => `{"results":[${text}],"messages":[${text}],"items":[${text},${text}]}`),
    weight: 1,
  },
  {
    arbitrary: fc.constantFrom(
      '[]',
      '1',
      '"x"',
      '{',
      '{"a":1}}',
      '\u0000',
      '{"big":123456789012345678901234567890}',
    ),
    weight: 1,
  },
);
/** One row that is as it should be: else the file is refused. */
const SOUND_ROW = '{"id":"sound","uuid":"sound","content":"As it should be","memory":"As it should be"}';

describe('whatever a file holds', () => {
  it('every row of it is accounted for, imported once, served, and taken back', async () => {
    const empty = await migratedDatabase();
    const files = fc.sample(fc.array(line, { minLength: 150, maxLength: 250 }), { seed, numRuns: 5 });
    for (const [i, from] of ['jsonl', 'mem0', 'zep', 'supermemory', 'openmemory'].entries()) {
      const place = copyOf(empty);
      const path = join(tempFolder(), 'export.jsonl');
      writeFileSync(path, [SOUND_ROW, ...files[i]].join('\n'));
      const { importId, vaults } = await importHere(place, from, path, { rowsAtOnce: 50 });
      expect([from, vaults.flatMap(({ problems }) => problems)]).toEqual([from, []]);
      const before = importedState(place);
      expect(auditIndex(place)).toMatchObject(SOUND);
      expect((await importHere(place, from, path)).vaults[0].fresh).toBe(0);
      expect(importedState(place)).toEqual(before);
      const service = await TestService.start({}, place);
      const acme = service.as('acme');
      for (const route of [
        '/v1/memories?limit=100&count=true',
        '/v1/users',
        '/v1/sessions',
        '/v1/collections',
        '/v1/stats',
      ]) {
        expect([from, route, (await acme.get(route)).status]).toEqual([from, route, 200]);
      }
      const { status } = await acme.post('/v1/memories/search', {
        query: 'as it should be x',
        explain: true,
      });
      expect([from, status]).toEqual([from, 200]);
      await service.stop();
      await undoHere(place, importId);
      const left = importedState(place);
      for (const table of ['memories', 'legacy_rows', 'imports', 'users', 'facts', 'waypoints', 'vectors']) {
        expect([from, table, left[table]]).toEqual([from, table, []]);
      }
    }
  });

  it('of Metamorph too, whatever columns hold', async () => {
    const cell = fc.oneof(
      fc.constantFrom<string | number | bigint | Buffer | null>(
        ...[
          '',
          '\u0000',
          '🦊',
          'c1',
          's1',
          'm1',
          'ana',
          'x'.repeat(3_000),
          '{"a":"\\u0000"}',
          '[1]',
          '{',
          '2025-01-01',
          'nan',
        ],
        ...[
          0,
          -1,
          1.5,
          1e300,
          -1e300,
          Infinity,
          2n ** 62n,
          null,
          Buffer.from([0xff, 0]),
          Buffer.alloc(0),
          Buffer.alloc(8),
        ],
      ),
    );
    const rowOf = (columns: readonly string[]) =>
      fc
        .tuple(...columns.map(() => cell))
        .map((cells) => Object.fromEntries(columns.map((name, i) => [name, cells[i]])));
    const COLUMNS: Record<string, string[]> = {
      loose_conversations: ['id', 'stance', 'config', 'created_at', 'updated_at'],
      loose_sessions: [
        'id',
        'name',
        'conversation_id',
        'last_accessed',
        'created_at',
        'current_frame',
        'created_by',
      ],
      loose_session_states: ['id', 'name', 'created_at', 'last_activity', 'stance', 'config', 'metadata'],
      loose_messages: [
        'id',
        'conversation_id',
        'role',
        'content',
        'stance',
        'tools_used',
        'timestamp',
        'session_id',
      ],
      loose_semantic_memory: [
        'id',
        'type',
        'content',
        'embedding',
        'importance',
        'decay',
        'timestamp',
        'metadata',
        'user_id',
      ],
      loose_memory_associations: [
        'id',
        'source_memory_id',
        'target_memory_id',
        'association_type',
        'strength',
        'created_at',
      ],
      loose_operator_performance: ['id', 'operator_name', 'timestamp'],
      loose_subagent_results: [
        'id',
        'task',
        'response',
        'relevance',
        'conversation_id',
        'timestamp',
        'expiry',
      ],
    };
    const empty = await migratedDatabase();
    for (let run = 0; run < 3; run += 1) {
      const rows: Record<string, Record<string, string | number | bigint | Buffer | null>[]> = {};
      for (const [table, columns] of Object.entries(COLUMNS)) {
        rows[table] = fc.sample(rowOf(columns), { seed: seed + run, numRuns: 40 });
      }
      const file = makeMetamorph(join(tempFolder(), 'loose.db'), rows, undefined, COLUMNS);
      const place = copyOf(empty);
      const { importId, vaults } = await importHere(place, 'metamorph', file, { rowsAtOnce: 50 });
      expect(vaults.flatMap(({ problems }) => problems)).toEqual([]);
      const view = new DatabaseView(place);
      expect(view.all('SELECT count(*) AS n FROM legacy_rows')).toEqual([{ n: 8 * 40 }]);
      view.close();
      expect(auditIndex(place)).toMatchObject(SOUND);
      await undoHere(place, importId);
      expect(importedState(place)).toMatchObject({ memories: [], legacy_rows: [], waypoints: [], users: [] });
    }
  });
});
