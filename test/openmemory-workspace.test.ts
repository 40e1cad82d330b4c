import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';

// What the command line, the dashboard and the editor extension of OpenMemory ask for, besides memories.

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

let vaults = 0;
function house(): { vault: string; all: Client; ana: Client; ben: Client } {
  const vault = `workspace-${(vaults += 1)}`;
  return { vault, all: service.as(vault), ana: service.as(vault, 'ana'), ben: service.as(vault, 'ben') };
}

const PARAGRAPHS = Array.from({ length: 12 }, (_, i) => `Paragraph ${i} tells of it. `.repeat(20)).join(
  '\n\n',
);

describe('a text that is handed in', () => {
  it('is one memory, or many, and is all there', async () => {
    const { ana } = house();
    const one = await ana.post('/memory/ingest', { content_type: 'txt', data: 'About the Nile.' });
    expect([one.status, one.body]).toEqual([
      200,
      {
        root_memory_id: expect.any(String) as string,
        child_count: 0,
        total_tokens: 4,
        strategy: 'single',
        extraction: {
          content_type: 'txt',
          char_count: 15,
          estimated_tokens: 4,
          extraction_method: 'passthrough',
        },
      },
    ]);
    const many = await ana.post('/memory/ingest', {
      content_type: 'MD',
      data: PARAGRAPHS,
      config: { force_root: true, sec_sz: 1500 },
      metadata: { t: 1 },
      project_id: 'p1',
      user_id: 'ana',
    });
    expect(many.body).toMatchObject({ strategy: 'root-child', extraction: { content_type: 'markdown' } });
    const { root_memory_id: root, child_count: count } = many.body as {
      root_memory_id: string;
      child_count: number;
    };
    expect(count).toBeGreaterThan(3);
    expect((await ana.get(`/v1/documents/${root}/content`)).body.content).toBe(PARAGRAPHS);
    const { items } = (await ana.get('/memory/all?project_id=p1&l=1000')).body as {
      items: { metadata: object }[];
    };
    expect(items).toHaveLength(count + 1);
    for (const { metadata } of items) expect(metadata).toMatchObject({ t: 1 });
  });

  it('may be long: it is cut nowhere', async () => {
    const { ana } = house();
    const data = 'All work and no play. '.repeat(15_000);
    const { body } = await ana.post('/memory/ingest', { content_type: 'text', data });
    expect(body.strategy).toBe('root-child');
    expect((await ana.get(`/v1/documents/${body.root_memory_id}/content`)).body.content).toBe(data);
    const whole = 'x'.repeat(20_000);
    const single = await ana.post('/memory/ingest', { content_type: 'text', data: whole, config: null });
    expect(single.body.strategy).toBe('single');
    expect((await ana.get(`/memory/${single.body.root_memory_id}`)).body.content).toBe(whole);
  });

  it.each([
    [501, { content_type: 'pdf', data: 'JVBERi0=' }, { error: 'not_implemented' }],
    [400, { content_type: 'xyz', data: 'x' }, { err: 'ingest_fail', msg: 'Unsupported content type' }],
    [400, { content_type: '__proto__', data: 'x' }, { err: 'ingest_fail' }],
    [400, { content_type: 'txt', data: '' }, { error: 'invalid_input', details: ['data: length < 1'] }],
    [400, { data: 'x' }, { error: 'invalid_input', details: ['content_type: required'] }],
    [400, { content_type: 'txt', data: 'x', metadata: { document: 1 } }, { error: 'invalid_input' }],
    [403, { content_type: 'txt', data: 'x', user_id: 'ben' }, { error: 'tenant_mismatch' }],
  ])('is refused with %i: %j', async (status, body, answer) => {
    const { ana } = house();
    const refused = await ana.post('/memory/ingest', body);
    expect(refused.status).toBe(status);
    expect(refused.body).toMatchObject(answer);
    expect((await ana.get('/memory/all')).body.items).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('shows what the caller may see, and of others nothing', async () => {
    const { ana, ben, all } = house();
    const other = house().all;
    await ana.post('/memory/add', { content: 'Yesterday I went to the market.', project_id: 'p1' });
    const felt = await ana.post('/memory/add', { content: `I love it! ${'long '.repeat(40)}` });
    await ben.post('/memory/add', { content: 'How to install it: first run the build.', project_id: 'p2' });
    await ana.patch(`/memory/${felt.body.id}`, { tags: ['changed'] });
    const read = async (client: Client, path: string) => {
      const { status, body } = await client.get(`/dashboard/${path}`);
      expect([path, status]).toEqual([path, 200]);
      return body;
    };
    for (const [client, count] of [
      [ana, 2],
      [ben, 1],
      [all, 3],
      [other, 0],
    ] as const) {
      const stats = await read(client, 'stats');
      expect([stats.totalMemories, stats.recentMemories]).toEqual([count, count]);
      const sectors = Object.values(stats.sectorCounts as Record<string, number>);
      expect(sectors.reduce((sum, one) => sum + one, 0)).toBe(count);
      expect((await read(client, 'activity')).activities).toHaveLength(count);
      expect((await read(client, 'top-memories')).memories).toHaveLength(count);
      const { timeline, grouping } = await read(client, 'sectors/timeline?hours=24');
      expect(grouping).toBe('hour');
      const counted = (timeline as { count: number }[]).reduce((sum, one) => sum + one.count, 0);
      expect(counted).toBe(count);
      expect((await read(client, 'sectors/timeline?hours=200')).grouping).toBe('day');
    }
    expect((await read(ana, 'projects')).projects).toEqual(['p1']);
    expect((await read(all, 'projects')).projects).toEqual(['p1', 'p2']);
    expect((await read(other, 'projects')).projects).toEqual([]);
    expect((await read(all, 'stats?project_id=p2')).totalMemories).toBe(1);
    const { activities } = await read(ana, 'activity?limit=1');
    expect(activities).toMatchObject([
      { id: felt.body.id, type: 'memory_updated', timestamp: expect.any(Number) },
    ]);
    expect(activities[0].content).toHaveLength(103);
    const { operations } = await read(ana, 'maintenance?hours=24');
    expect(operations).toMatchObject([{ decay: 0, reflection: 0, consolidation: 0 }]);
    expect((await read(ana, 'stats')).requests.total).toBeGreaterThan(2);
    expect((await read(other, 'stats')).requests.total).toBe(0);
  });

  it('shows what the process has in use to operators alone', async () => {
    const { ana, vault } = house();
    const operator = service.as(vault, undefined, ['read', 'vault', 'operator']);
    const nothing = { heapUsed: null, heapTotal: null, rss: null, external: null };
    expect((await ana.get('/dashboard/health')).body).toMatchObject({
      memory: nothing,
      process: { pid: null },
    });
    expect((await ana.get('/dashboard/stats')).body.system).toMatchObject({
      heapUsed: null,
      memoryUsage: null,
    });
    const { memory, process: own } = (await operator.get('/dashboard/health')).body;
    expect([typeof memory.rss, own.pid]).toEqual(['number', process.pid]);
  });

  it.each(['activity?limit=x', 'activity?limit=1001', 'top-memories?limit=-1', 'sectors/timeline?hours=1e9'])(
    'is not asked for %s',
    async (path) => {
      const { status, body } = await house().ana.get(`/dashboard/${path}`);
      expect([status, body]).toEqual([400, { error: 'invalid_pagination' }]);
    },
  );
});

describe('an editor', () => {
  it('tells of a session from its start to its end', async () => {
    const { ana, ben, all } = house();
    const started = await ana.post('/api/ide/session/start', {
      project_name: 'p',
      ide_name: 'vscode',
      user_id: 'ana',
    });
    expect(started.body).toMatchObject({
      success: true,
      user_id: 'ana',
      project_name: 'p',
      ide_name: 'vscode',
    });
    const { session_id, memory_id } = started.body as Record<string, string>;
    expect((await ana.get(`/memory/${memory_id}`)).body.content).toBe(
      'Session started: ana in p using vscode',
    );
    const events = [
      { event_type: 'save', file_path: '/a/b.ts', content: 'How to build: first run npm, then install.' },
      { event_type: 'save', file_path: '/a/b.ts', content: 'const y = 2' },
      { event_type: 'constructor', metadata: { language: 'ts' }, content: null },
    ];
    for (const event of events) {
      const { status, body } = await ana.post('/api/ide/events', { ...event, session_id, unknown: 1 });
      expect([status, body.success, typeof body.primary_sector]).toEqual([200, true, 'string']);
    }
    const found = await ana.post('/api/ide/context', { query: 'b.ts const', limit: 2, session_id });
    expect(found.body).toMatchObject({ success: true, total: 2, query: 'b.ts const' });
    expect(found.body.memories[0]).toMatchObject({
      content: 'Saved file: /a/b.ts\n\nconst y = 2',
      path: [found.body.memories[0].memory_id],
    });
    const here = { query: 'b.ts const', k: 5, file_path: '/a/b.ts' };
    expect((await ana.post('/api/ide/context', here)).body.total).toBe(2);
    const { patterns, pattern_count } = (await ana.get(`/api/ide/patterns/${session_id}`)).body;
    expect([pattern_count, patterns[0].description]).toEqual([1, expect.stringContaining('How to build')]);
    for (const client of [ben, house().all]) {
      const { body } = await client.post('/api/ide/session/end', { session_id });
      expect(body.statistics).toEqual({ total_events: 0, sectors: {}, unique_files: 0, files: [] });
      expect((await client.get(`/api/ide/patterns/${session_id}`)).body.patterns).toEqual([]);
      expect(
        (await client.post('/api/ide/context', { query: 'session ended', session_id })).body.memories,
      ).toMatchObject([{ content: expect.stringContaining('ended. Events: 0') as string }]);
    }
    const ended = await ana.post('/api/ide/session/end', { session_id });
    expect(ended.body).toMatchObject({
      success: true,
      session_id,
      statistics: { total_events: 3, unique_files: 1, files: ['/a/b.ts'] },
    });
    expect((await all.get(`/memory/${ended.body.summary_memory_id}`)).body.user_id).toBe('ana');
  });

  it('speaks for its user alone', async () => {
    const { ana, all } = house();
    const asked: [string, object][] = [
      ['events', { event_type: 'save', user_id: 'ben' }],
      ['context', { query: 'x', user_id: 'ben' }],
      ['session/start', { user_id: 'ben' }],
      ['session/end', { session_id: 's', user_id: 'ben' }],
    ];
    for (const [path, body] of asked) {
      const refused = await ana.post(`/api/ide/${path}`, body);
      expect([refused.status, refused.body.error]).toEqual([403, 'tenant_mismatch']);
    }
    for (const [path, body] of asked) expect((await all.post(`/api/ide/${path}`, body)).status).toBe(200);
    expect((await all.get('/users/ben/memories')).body.items).toHaveLength(3);
  });

  it.each([
    ['events', {}, ['event_type: required']],
    ['events', { event_type: 'save', content: 'x'.repeat(195_000) }, ['content: length > 191808']],
    ['context', { query: '' }, ['query: length < 1']],
    ['session/end', {}, ['session_id: required']],
  ])('is told what is wrong with %s', async (path, body, details) => {
    const refused = await house().ana.post(`/api/ide/${path}`, body);
    expect([refused.status, refused.body]).toEqual([400, { error: 'invalid_input', details }]);
  });
});
