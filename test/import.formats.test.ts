import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { timeOf } from '../src/upgrade/import/field-values.js';
import { openSource } from '../src/upgrade/import/open-source.js';
import { tempFolder } from './harness/temp-folder.js';

/** What becomes of the rows of a file. */
async function read(from: string, content: unknown, name = 'export.json') {
  const path = join(tempFolder(), name);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 1));
  const source = await openSource(from, path);
  const rows = [];
  for await (const row of source.rows()) {
    const outcome = source.outcomeOf(row);
    const what = outcome.status === 'imported' ? outcome.draft : `${outcome.status}: ${outcome.reason}`;
    rows.push({ ordinal: row.ordinal, table: row.table, key: row.key, text: row.text, what });
  }
  return rows;
}

const lines = (...records: unknown[]) => records.map((record) => JSON.stringify(record)).join('\n');
const AT = Date.parse('2024-07-01T12:00:00.123Z');

describe('mem0', () => {
  const memory = {
    ...{ id: '6f9', memory: 'Ana likes trains', user_id: 'ana', run_id: 'r1', agent_id: 'bot', hash: 'ff' },
    ...{ categories: ['travel', 'food'], metadata: { lang: 'en' }, score: 0.25 },
    ...{ created_at: '2024-07-01T05:00:00.123456-07:00', updated_at: '2024-07-02T12:00:00Z' },
  };
  const draft = {
    ...{ kind: 'memory', id: '6f9', userId: 'ana', sessionId: 'r1', content: 'Ana likes trains' },
    ...{ tags: '["travel","food"]', createdAt: AT, updatedAt: AT + 86_400_000 - 123 },
    metadata:
      '{"lang":"en","mem0":{"agent_id":"bot","hash":"ff","categories":["travel","food"],"score":0.25}}',
  };

  it.each([
    ['an answer', { count: 1, next: null, previous: null, results: [memory] }],
    ['answers', [{ results: [memory], next: 'x' }]],
    ['answers with relations', { results: [memory] }],
    ['an array', [memory]],
    ['one record', memory],
    ['lines', `${lines(memory, memory)}\n`],
    ['lines of answers', lines({ results: [memory], next: 1 }, { memories: [memory] })],
  ])('is read from %s', async (_, content) => {
    const rows = await read('mem0', content);
    expect(rows[0]).toMatchObject({ ordinal: 1, table: 'memories', key: '6f9', what: draft });
    expect(JSON.parse(rows[0].text)).toEqual(memory);
    expect(new Set(rows.map(({ table }) => table))).toEqual(new Set(['memories']));
  });

  it('is read in every manner that its versions have', async () => {
    const rows = await read('mem0', {
      results: [
        {
          memory_id: 5,
          text: 'a',
          uid: 'ana',
          created_at: 1719835200,
          tags: 'one',
          last_seen: 1719835201000,
        },
        { id: 'b', data: { text: 'b' }, metadata: null, embedding: [1, 0.5] },
        { id: 'c', memory: '', user_id: 'ana' },
        { id: 'e', type: 'user', name: 'dora', total_memories: 3 },
        { id: 'g', type: 'agent', name: 'bot' },
        { user_id: 'eve' },
        { id: 'h', memory: 'x', user_id: 'x'.repeat(257) },
      ],
      relations: [{ source: 'ana', relationship: 'likes', destination: 'trains' }],
    });
    expect(rows.map(({ what }) => what)).toMatchObject([
      {
        ...{ id: '5', content: 'a', userId: 'ana', tags: '["one"]', metadata: '{}' },
        ...{ createdAt: 1719835200000, lastSeenAt: 1719835201000 },
      },
      { content: 'b', userId: '', metadata: '{"mem0":{"data":{"text":"b"}}}', createdAt: undefined },
      'quarantined: it has no text',
      { kind: 'user', userId: 'dora' },
      'kept: Cairn has no place for it',
      { kind: 'user', userId: 'eve' },
      expect.stringMatching(/^quarantined: its user/),
      'kept: Cairn has no place for it',
    ]);
    expect(rows[1].what).toMatchObject({ vector: { v: Buffer.from('0000803f0000003f', 'hex') } });
  });
});

describe('Zep', () => {
  const message = {
    ...{
      uuid: 'm1',
      role: 'Ana',
      role_type: 'user',
      content: 'I like trains',
      created_at: '2024-07-01T12:00:00.123Z',
    },
    metadata: { tags: ['a'] },
  };
  const session = { uuid: 's', id: 3, session_id: 's-1', user_id: 'ana', created_at: '2024-07-01T12:00:00Z' };
  const draft = {
    ...{ kind: 'memory', id: 'm1', userId: 'ana', sessionId: 's-1', content: 'I like trains', createdAt: AT },
    ...{ tags: '["a"]', metadata: '{"tags":["a"],"zep":{"role":"Ana","role_type":"user"}}' },
  };

  it.each([
    ['a session', { ...session, messages: [message] }],
    ['a session whose messages come first', { messages: [message], ...session }],
    ['sessions', { sessions: [{ ...session, messages: [message] }], total_count: 1 }],
    ['lines of sessions', lines({ ...session, messages: [message] }, { ...session, memories: [message] })],
  ])('is read from %s', async (_, content) => {
    const rows = await read('zep', content);
    expect(rows.slice(0, 2)).toMatchObject([
      { table: 'sessions', key: 's-1', what: { kind: 'user', userId: 'ana' } },
      { table: 'messages', key: 'm1', what: draft },
    ]);
  });

  it('is read from answers as they are recorded', async () => {
    const rows = await read('zep', [
      { sessions: [session, { session_id: 's-2' }], total: 2 },
      { session: { session_id: 's-3', user_id: 'ben' }, messages: [message] },
      { ...message, session_id: 's-4', user_id: 'eve' },
      { messages: [{ uuid: 'e', content: '' }, message] },
      { nothing: 1 },
    ]);
    expect(rows.map(({ what }) => what)).toMatchObject([
      { kind: 'user', userId: 'ana' },
      'kept: a session is what its memories say',
      { userId: 'ben', sessionId: 's-3' },
      { userId: 'eve', sessionId: 's-4' },
      'quarantined: it has no text',
      { userId: '', sessionId: undefined },
      'quarantined: it has no text',
    ]);
  });
});

describe('supermemory', () => {
  it('is read from its lists', async () => {
    const document = {
      ...{
        id: 'd1',
        content: 'Ana likes trains',
        title: 'Trains',
        containerTags: ['ana', 'x'],
        labels: ['a'],
      },
      ...{ createdAt: '2024-07-01T12:00:00.123Z', updatedAt: null, metadata: { url: 'u' }, summary: 's' },
    };
    const rows = await read('supermemory', {
      memories: [
        document,
        { ...document, user_id: 'ben', content: null },
        { ...document, containerTags: [], content: null, summary: null },
        { id: 'd2', owner_id: 'eve', body: 'b', containerTag: 'c' },
      ],
      pagination: { currentPage: 1, totalPages: 1 },
    });
    expect(rows.map(({ what }) => what)).toMatchObject([
      {
        ...{
          id: 'd1',
          userId: 'ana',
          content: 'Ana likes trains',
          tags: '["a"]',
          createdAt: AT,
          updatedAt: AT,
        },
        metadata: '{"url":"u","supermemory":{"title":"Trains","containerTags":["ana","x"],"summary":"s"}}',
      },
      { userId: 'ben', content: 's' },
      'quarantined: it has no text',
      { userId: 'eve', content: 'b' },
    ]);
  });
});

describe('OpenMemory', () => {
  it('is read from its answers and from the files of its tool', async () => {
    const rows = await read(
      'openmemory',
      lines(
        {
          items: [
            {
              ...{
                id: 'a',
                content: 'x',
                tags: '["t"]',
                meta: '{"n":1.0}',
                user_id: null,
                primary_sector: 'procedural',
              },
              ...{ sectors: ['procedural', 'semantic', 'odd'], salience: 1.5, decay_lambda: 0.1, version: 2 },
              ...{
                created_at: 5e12,
                updated_at: '5000000000001',
                last_seen_at: 0,
                project_id: 'p',
                segment: 3,
              },
            },
          ],
        },
        {
          id: 'b',
          uid: 'default',
          content: '',
          tags: [1, 'x'],
          metadata: 'text',
          created_at: '2024-02-30',
          embedding: null,
        },
        {
          facts: [{ id: 'f', subject: 's', predicate: 'p', object: 'o', valid_from: 1e12, confidence: 0.5 }],
        },
        { user_id: 'ana', summary: 'Likes trains', reflection_count: 2 },
      ),
    );
    expect(rows.map(({ what }) => what)).toMatchObject([
      {
        ...{ userId: '', tags: '["t"]', metadata: '{"n":1.0,"openmemory":{"segment":3}}', salience: 1 },
        ...{ sectors: ['procedural', 'semantic'], decayLambda: 0.1, version: 2, collection: 'p' },
        ...{ createdAt: 5e12, updatedAt: 5000000000001, lastSeenAt: 0 },
      },
      {
        ...{
          userId: 'default',
          content: '',
          tags: '["1","x"]',
          metadata: '{"openmemory":{"metadata":"text"}}',
        },
        createdAt: undefined,
      },
      { kind: 'fact', id: 'f', subject: 's', validFrom: 1e12, confidence: 0.5, metadata: '{}' },
      { kind: 'user', userId: 'ana', summary: 'Likes trains', reflectionCount: 2 },
    ]);
  });
});

describe('a file', () => {
  it('is read by lines where most lines are values, and as a whole elsewhere', async () => {
    const [a, b] = ['{"id":"a","content":"x"}', '{"id":"b","content":"y"}'];
    const keysOf = async (text: string) => (await read('jsonl', text)).map(({ key }) => key);
    expect(await keysOf(`[\n${a},\n${b}\n]\n`)).toEqual(['a', 'b']);
    expect(await keysOf(`{"items": [\n${a},\n${b}\n]}`)).toEqual(['a', 'b']);
    expect(await keysOf(`{"cut": \n${a}\n${b}\n`)).toEqual([undefined, 'a', 'b']);
    expect(await keysOf(`${a}\n{"cut": `)).toEqual(['a', undefined]);
    expect(await keysOf(`${a}${b}`)).toEqual(['a', 'b']);
    expect(await keysOf('[]')).toEqual([]);
  });

  it('is told from others by what it holds', async () => {
    const folder = tempFolder();
    const fingerprintOf = async (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return (await openSource('jsonl', join(folder, name))).fingerprint;
    };
    const first = await fingerprintOf('a', '{"content":"x"}');
    expect(await fingerprintOf('b', '{"content":"x"}')).toBe(first);
    expect(await fingerprintOf('a', '{"content":"y"}')).not.toBe(first);
  });
});

describe('a time', () => {
  it.each([
    [0, 0],
    [1719835200, 1719835200000],
    [1719835200123, 1719835200123],
    ['1719835200', 1719835200000],
    ['2024-07-01', Date.parse('2024-07-01T00:00:00Z')],
    ['2024-07-01 12:00:00', Date.parse('2024-07-01T12:00:00Z')],
    ['2024-07-01T12:00:00.123456789+02:00', Date.parse('2024-07-01T10:00:00.123Z')],
    ['2024-02-29T00:00:00Z', Date.parse('2024-02-29T00:00:00Z')],
    ['2023-02-29T00:00:00Z', undefined],
    ['2024-02-30', undefined],
    ['not a date', undefined],
    ['', undefined],
    [9e15, undefined],
    [Infinity, undefined],
    [null, undefined],
    [{}, undefined],
  ])('%j is %s', (value, time) => {
    expect(timeOf(value)).toBe(time);
  });
});
