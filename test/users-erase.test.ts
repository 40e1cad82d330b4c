import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StatsCounter } from '../src/stats/stats-counter.js';
import { keyOf, planErasure } from '../src/users/erasure-plan.js';
import { type Client, TestService } from './harness/app.js';
import { edit } from './harness/database-editor.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import type { Row, TableRow } from './harness/tenant-rows.js';

let service: TestService;
let view: DatabaseView;
beforeAll(async () => {
  service = await TestService.start();
  view = new DatabaseView(service.databasePath);
});
afterAll(async () => {
  view.close();
  await service.stop();
});

const CANARY = 'canary-of-ana';
const PATH = '/v1/users/ana';
const add = async (client: Client, fields: object) => {
  const { status, body } = await client.post('/v1/memories', { content: `An owl. ${CANARY}`, ...fields });
  expect(status).toBe(201);
  return body as { id: string };
};

/** Every row of every table that names the user in `user_id`, or holds the text anywhere, in a vault or in all. */
function traces(user: string, text: string, vault?: string): string[] {
  return view.tables().flatMap((table) => {
    const rows = view.all<Row>(`SELECT * FROM "${table}"`);
    return rows.flatMap((row) => {
      if (vault !== undefined && row.vault_id !== vault) return [];
      const whole = Object.values(row)
        .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
        .join('\n');
      return row.user_id === user || whole.includes(text)
        ? [`${table}: ${JSON.stringify(row).slice(0, 200)}`]
        : [];
    });
  });
}

/** The tables with a column `user_id`, as the database knows them. */
function ownedTables(): string[] {
  return view.tables().filter((table) => {
    return view.columns(table).includes('user_id');
  });
}

/** A row of `user` in each table that the API at hand does not fill, its text with the canary. */
function furtherRows(vault: string, user: string, memoryIds: readonly string[], text: string): TableRow[] {
  const key = { vault_id: vault, user_id: user };
  const json = JSON.stringify({ text });
  const id = (name: string) => `${name}-of-${user}`;
  const fact = {
    ...key,
    collection: null,
    subject: 's',
    predicate: 'p',
    object: text,
    valid_from: 1,
    valid_to: null,
  };
  return [
    ['sessions', { ...key, id: text, memory_count: 1, first_at: 1, last_at: 1, metadata: json }],
    ['vectors', { ...key, memory_id: memoryIds[0], sector: 's', model: 'm', dim: 1, v: Buffer.from(text) }],
    ['facts', { ...fact, id: id('f1'), confidence: 1, metadata: json, last_updated: 1 }],
    ['facts', { ...fact, id: id('f2'), confidence: 1, metadata: json, last_updated: 1 }],
    [
      'fact_edges',
      {
        ...key,
        id: id('e'),
        source_id: id('f1'),
        target_id: id('f2'),
        relation_type: text,
        valid_from: 1,
        valid_to: null,
        weight: 1,
        metadata: json,
      },
    ],
    ['stats', { ...key, type: text, ts: 1, dims: '', count: 1 }],
    [
      'api_keys',
      {
        ...key,
        id: id('k'),
        name: text,
        secret_hash: text,
        permissions: '[]',
        created_at: 1,
        expires_at: null,
        revoked_at: null,
        last_used_at: null,
      },
    ],
    ['audit', { ...key, id: id('a'), at: 1, action: 'x', target: text, request_id: 'r', details: json }],
    ['idempotency', keptAnswer(vault, user, 'own', '/v1/memories', { text })],
    ['idempotency', keptAnswer(vault, '', id('service'), '/v1/memories', { user_id: user, content: text })],
    [
      'idempotency',
      keptAnswer(vault, '', id('path'), `/v1/users/${encodeURIComponent(user)}/reflect`, { text }),
    ],
    [
      'legacy_rows',
      {
        ...key,
        memory_id: null,
        id: id('l'),
        source_table: 'waypoints',
        reason: 'r',
        data: JSON.stringify({ user_id: user, text }),
        created_at: 1,
      },
    ],
  ];
}

function keptAnswer(vault: string, user: string, key: string, path: string, body: object): Row {
  return {
    vault_id: vault,
    user_id: user,
    method: 'POST',
    path,
    key,
    body_hash: 'h',
    status: 200,
    answer: JSON.stringify({ status: 200, body }),
    created_at: Date.now(),
  };
}

/** Everything that a user can have: by the API as far as that goes, the rest straight into the database. */
async function fill(vault: string, user: string, text: string): Promise<void> {
  const client = service.as(vault, user);
  const ids: string[] = [];
  for (let n = 0; n < 8; n += 1) {
    const content = `The owl of ${text} sat in the barn. ${n < 4 ? '' : `It was night ${n}, and cold.`}`;
    ids.push(
      (await add(client, { content, session_id: text, collection: text, tags: [text], metadata: { text } }))
        .id,
    );
  }
  await add(client, { content: `soon gone ${text}`, expires_at: Date.now() + 50 });
  await client.patch(`/v1/memories/${ids[0]}`, { content: `The owl of ${text} sat in the barn!` });
  expect((await client.post(`/v1/users/${user}/reflect`, undefined)).body.reflections).toHaveLength(2);
  await client.post(`/v1/users/${user}/summary/regenerate`, undefined);
  await client.post('/v1/memories/search', { query: 'owl' });
  edit(service.databasePath, (editor) => {
    for (const [table, row] of furtherRows(vault, user, ids, text)) editor.insert(table, row);
  });
  await sleep(60);
}

describe('erasing a user', () => {
  it('leaves no row of them and no word in any table, and everything of everybody else', async () => {
    await fill('erase', 'ana', CANARY);
    await fill('erase', 'ben', 'canary-of-ben');
    await fill('erase-too', 'ana', 'canary-elsewhere');
    await add(service.as('erase'), { content: 'Of nobody.' });
    await service.app.get(StatsCounter).flush();
    // Else a table with users' rows would not be tried: it belongs in `furtherRows`.
    for (const table of ownedTables()) {
      expect([
        table,
        view.all(`SELECT 1 FROM "${table}" WHERE vault_id = 'erase' AND user_id = 'ana'`),
      ]).not.toEqual([table, []]);
    }
    const others = () => {
      const rows = view.tables().flatMap((table) => view.all<Row>(`SELECT * FROM "${table}"`));
      return rows.filter(
        (row) => row.vault_id !== 'erase' || (!JSON.stringify(row).includes(CANARY) && row.user_id !== 'ana'),
      );
    };
    const before = others();
    const stored = Object.fromEntries(
      ownedTables().map((table) => [
        table,
        view.all(`SELECT 1 FROM "${table}" WHERE vault_id = 'erase' AND user_id = 'ana'`).length,
      ]),
    );
    expect(traces('ana', CANARY, 'erase').length).toBeGreaterThan(40);

    const { status, body } = await service.as('erase').delete(PATH);
    expect([status, body.user_id]).toEqual([200, 'ana']);
    expect(traces('ana', CANARY, 'erase')).toEqual([]);
    expect(traces('none', CANARY)).toEqual([]);
    expect(others()).toEqual(before);
    // Counts of requests are erased and not told.
    const { stats: _, ...told } = stored;
    expect(body.erased).toEqual({ ...told, idempotency: 3 });
    expect(body.erased.memories).toBe(11);
    expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
    expect(view.integrity()).toBe('ok');

    const again = await service.as('erase').delete(PATH);
    expect([again.status, again.body.code]).toEqual([404, 'NOT_FOUND']);
    expect((await service.as('erase').get('/v1/users')).body.items).toMatchObject([{ user_id: 'ben' }]);
  });

  it('by themselves does the same, tables of the service included', async () => {
    await fill('by-self', 'ana', CANARY);
    await fill('by-self', 'ben', 'canary-of-ben');
    expect((await service.as('by-self', 'ben').delete(PATH)).status).toBe(403);
    const { body } = await service.as('by-self', 'ana').delete(PATH);
    expect(body.erased).toMatchObject({ memories: 11, api_keys: 1, audit: 1, users: 1, legacy_rows: 1 });
    expect(traces('ana', CANARY, 'by-self')).toEqual([]);
    expect(traces('ben', 'canary-of-ben', 'by-self').length).toBeGreaterThan(40);
  });

  it('is not undone by what was counted of their reads and not yet written', async () => {
    const ana = service.as('reads', 'ana');
    await add(ana, {});
    await ana.post('/v1/memories/search', { query: 'owl' });
    await ana.delete(PATH);
    await service.app.get(StatsCounter).flush();
    expect(traces('ana', CANARY, 'reads')).toEqual([]);
  });

  it('goes through as many rows as there are', async () => {
    const all = service.as('many');
    const rows = Array.from({ length: 1_000 }, (_, n) => ({ content: `${CANARY} ${n}`, user_id: 'ana' }));
    expect((await all.post('/v1/memories/batch', rows)).body.created).toBe(1_000);
    await add(all, { user_id: 'ben', content: 'Ben has an owl.' });
    const numbered = (name: string) => (row: Row) =>
      Array.from({ length: 700 }, (_, n) => ({ ...row, [name]: `${row[name]}-${n}` }));
    edit(service.databasePath, (editor) =>
      editor.transaction(() => {
        for (const [table, row] of furtherRows('many', 'ana', ['x'], CANARY)) {
          if (table === 'idempotency') editor.insert(table, ...numbered('key')(row));
          if (['facts', 'audit', 'legacy_rows'].includes(table)) editor.insert(table, ...numbered('id')(row));
        }
      }),
    );
    const { body } = await all.delete(PATH);
    expect(body.erased).toMatchObject({
      memories: 1_000,
      idempotency: 2_100,
      facts: 1_400,
      audit: 700,
      legacy_rows: 700,
    });
    expect(traces('ana', CANARY, 'many')).toEqual([]);
    expect((await all.get('/v1/users')).body.items).toMatchObject([{ user_id: 'ben', count: 1 }]);
  });

  it('while they are written to leaves what came after it whole, and nothing of what was before', async () => {
    const ana = service.as('race', 'ana');
    const all = service.as('race');
    const before: string[] = [];
    for (let n = 0; n < 300; n += 1) before.push((await add(ana, { content: `before ${n} owl` })).id);
    let erased = false;
    const written: string[] = [];
    const writers = Array.from({ length: 4 }, async (_, writer) => {
      for (let n = 0; !erased || n < 20; n += 1) {
        written.push((await add(ana, { content: `during ${writer} ${n} owl` })).id);
      }
    });
    const answers = await Promise.all([all.delete(PATH), ana.delete(PATH)]);
    erased = true;
    await Promise.all(writers);
    for (const { status } of answers) expect([200, 404]).toContain(status);
    const rows = view.all<{ id: string }>(`SELECT id FROM memories WHERE vault_id = 'race'`);
    const left = new Set(rows.map(({ id }) => id));
    expect(before.filter((id) => left.has(id))).toEqual([]);
    expect([...left].filter((id) => !written.includes(id))).toEqual([]);
    expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
    const { body } = await ana.get(PATH);
    expect(body.count).toBe(left.size);
    const found = await ana.post('/v1/memories/search', { query: 'owl', limit: 100 });
    expect(found.body.results.length).toBe(Math.min(100, left.size));
    await all.delete(PATH);
    expect(traces('ana', CANARY, 'race')).toEqual([]);
  });

  it('has nothing to do for whom nobody knows', async () => {
    await add(service.as('known'), { user_id: 'ben' });
    const before = view.digest();
    for (const vault of ['known', 'unknown']) {
      expect((await service.as(vault).delete('/v1/users/nobody')).body.code).toBe('NOT_FOUND');
      expect((await service.as(vault, 'ana').delete(PATH)).body.code).toBe('NOT_FOUND');
    }
    expect(view.digest()).toBe(before);
  });
});

describe('the plan of an erasure', () => {
  it('has a way to the rows of every table with users in it', () => {
    const { entityMetadatas } = service.app.get(DataSource);
    const { memories, byOwner, anywhere, dependents } = planErasure(entityMetadatas);
    const reached = [
      memories,
      ...byOwner,
      ...anywhere,
      ...[...dependents.values()].flat().map(({ entity }) => entity),
    ];
    expect(reached.map(({ tableName }) => tableName).sort()).toEqual(ownedTables().sort());
  });

  it('refuses a table to whose rows there is none', () => {
    const { entityMetadatas } = service.app.get(DataSource);
    const audit = entityMetadatas.find(({ tableName }) => tableName === 'audit')!;
    const lost = Object.create(audit, {
      tableName: { value: 'lost' },
      primaryColumns: { value: [...audit.primaryColumns, audit.columns.at(-1)] },
      indices: { value: [] },
    }) as typeof audit;
    expect(keyOf(lost)).toEqual(['id', 'details']);
    expect(() => planErasure([...entityMetadatas, lost])).toThrow('lost: there is no way');
  });
});
