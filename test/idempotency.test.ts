import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { VaultsService } from '../src/vaults/vaults.service.js';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

let vaults = 0;
const house = () => {
  const vault = `once-${(vaults += 1)}`;
  return { vault, ana: service.as(vault, 'ana'), ben: service.as(vault, 'ben'), all: service.as(vault) };
};

const keyed = (key: string) => ({ 'idempotency-key': key });
const add = (client: Client, content: string, key: string): Promise<Answer> =>
  client.post('/v1/memories', { content }, keyed(key));
const stored = async (client: Client): Promise<number> =>
  (await client.get('/v1/memories?count=true')).body.count;

describe('Idempotency-Key', () => {
  it('gives the former answer again, to the byte', async () => {
    const { ana } = house();
    const first = await add(ana, 'an owl 🦉', 'k 1');
    expect(first.status).toBe(201);
    expect(first.headers.get('idempotency-replayed')).toBeNull();
    const second = await add(ana, 'an owl 🦉', 'k 1');
    expect([second.status, second.text]).toEqual([201, first.text]);
    expect(second.headers.get('etag')).toBe(first.headers.get('etag'));
    expect(second.headers.get('idempotency-replayed')).toBe('true');
    expect(await stored(ana)).toBe(1);
    await add(ana, 'an owl 🦉', 'k 2');
    expect(await stored(ana)).toBe(2);
  });

  it('100 retries at once have one effect', async () => {
    const { ana } = house();
    const answers = await Promise.all(Array.from({ length: 100 }, () => add(ana, 'once', 'race')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
    expect(await stored(ana)).toBe(1);
  });

  it('two processes on one database have one effect', async () => {
    const second = await TestService.start({}, service.databasePath);
    const { ana, vault } = house();
    const there = second.as(vault, 'ana');
    const answers = await Promise.all(
      Array.from({ length: 40 }, (_, i) => add(i % 2 === 0 ? ana : there, 'once', 'both')),
    );
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(await stored(ana)).toBe(1);
    await second.stop();
  });

  it('is refused for another request', async () => {
    const { ana } = house();
    await add(ana, 'one', 'k');
    const other = await add(ana, 'two', 'k');
    expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED']);
    expect(await stored(ana)).toBe(1);
    const query = await ana.send('DELETE', '/v1/memories?session_id=a', undefined, keyed('d'));
    expect(query.body).toEqual({ deleted: 0, dry_run: false });
    const otherQuery = await ana.send('DELETE', '/v1/memories?session_id=b', undefined, keyed('d'));
    expect(otherQuery.status).toBe(422);
  });

  it('is one’s own: users, vaults, methods and paths are apart', async () => {
    const { ana, ben, all } = house();
    const elsewhere = house();
    const answers = await Promise.all(
      [ana, ben, all, elsewhere.ana].map((client) => add(client, 'x', 'same')),
    );
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(4);
    const { id } = answers[0].body;
    expect((await ana.patch(`/v1/memories/${id}`, { content: 'y' }, keyed('same'))).body.version).toBe(2);
    expect((await ana.patch(`/v1/memories/${id}`, { content: 'y' }, keyed('same'))).body.version).toBe(2);
    expect((await ana.send('DELETE', `/v1/memories/${id}`, undefined, keyed('same'))).status).toBe(204);
    expect((await ana.send('DELETE', `/v1/memories/${id}`, undefined, keyed('same'))).status).toBe(204);
    expect((await ana.delete(`/v1/memories/${id}`)).status).toBe(404);
  });

  it('keeps nothing of a request that failed', async () => {
    const { ana } = house();
    const invalid = await ana.post('/v1/memories', { content: '' }, keyed('k'));
    expect(invalid.status).toBe(400);
    expect((await add(ana, 'now right', 'k')).status).toBe(201);

    vi.spyOn(service.app.get(VaultsService), 'ensureWritable').mockRejectedValueOnce(new Error('halfway'));
    expect((await add(ana, 'breaks', 'h')).status).toBe(500);
    vi.restoreAllMocks();
    expect((await add(ana, 'breaks', 'h')).status).toBe(201);
    expect(await stored(ana)).toBe(2);
  });

  it('waits for the first, and after 5 s says so', async () => {
    const { ana } = house();
    const vaultsService = service.app.get(VaultsService);
    const ensureWritable = vaultsService.ensureWritable.bind(vaultsService);
    let open = () => {};
    const gate = new Promise<void>((resolve) => (open = resolve));
    vi.spyOn(vaultsService, 'ensureWritable').mockImplementationOnce(async () => {
      await gate;
      return ensureWritable();
    });
    const first = add(ana, 'slow', 'k');
    await new Promise((resolve) => setTimeout(resolve, 50));
    const impatient = await add(ana, 'slow', 'k');
    expect([impatient.status, impatient.body.code]).toEqual([409, 'IDEMPOTENCY_IN_PROGRESS']);
    expect(impatient.headers.get('retry-after')).toBe('5');
    const patient = add(ana, 'slow', 'k');
    open();
    expect((await patient).text).toBe((await first).text);
    vi.restoreAllMocks();
    expect(await stored(ana)).toBe(1);
  });

  it('is forgotten after a day', async () => {
    const { ana, vault } = house();
    const first = await add(ana, 'x', 'k');
    const later = Date.now() + 24 * 60 * 60 * 1_000 + 1_000;
    const clock = vi.spyOn(Date, 'now').mockReturnValue(later);
    const { body } = await service.as(vault, 'ana').post('/v1/memories', { content: 'x' }, keyed('k'));
    clock.mockRestore();
    expect(body.id).not.toBe(first.body.id);
    const view = new DatabaseView(service.databasePath);
    expect(view.all('SELECT * FROM idempotency WHERE vault_id = ?', vault)).toHaveLength(1);
    view.close();
  });

  it('must be a key', async () => {
    const { ana } = house();
    for (const key of ['x'.repeat(256), 'é'.normalize()]) {
      const answer = await add(ana, 'x', key).catch(() => undefined);
      if (answer) expect([answer.status, answer.body.code]).toEqual([400, 'INVALID_HEADER']);
    }
    expect((await ana.post('/v1/memories', { content: 'x' }, keyed(''))).status).toBe(400);
    expect(await stored(ana)).toBe(0);
    expect((await add(ana, 'x', 'x'.repeat(255))).status).toBe(201);
  });

  it('of a batch stores it once, and as a whole', async () => {
    const { ana } = house();
    const rows = Array.from({ length: 450 }, (_, i) => ({ content: `row ${i}` }));
    const send = (body: unknown) => ana.post('/v1/memories/batch', body, keyed('b'));
    const answers = await Promise.all([send(rows), send(rows), send(rows)]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0].body).toMatchObject({ created: 450, failed: 0 });
    expect(await stored(ana)).toBe(450);
    expect((await send(rows.slice(1))).status).toBe(422);
    const many = Array.from({ length: 10_001 }, () => ({ content: 'x' }));
    const refused = await ana.post('/v1/memories/batch', many, keyed('many'));
    expect([refused.status, refused.body.code]).toEqual([413, 'TOO_MANY_ROWS']);

    const ensureWritable = vi.spyOn(service.app.get(VaultsService), 'ensureWritable');
    ensureWritable.mockResolvedValueOnce().mockRejectedValueOnce(new Error('halfway'));
    expect((await ana.post('/v1/memories/batch', rows, keyed('c'))).status).toBe(500);
    vi.restoreAllMocks();
    expect(await stored(ana)).toBe(450);
  });

  it('of a read is passed over', async () => {
    const { ana } = house();
    await add(ana, 'owl', 'a');
    const search = () => ana.post('/v1/memories/search', { query: 'owl' }, keyed('s'));
    expect((await search()).body.results).toHaveLength(1);
    await add(ana, 'owl again', 'b');
    expect((await search()).body.results).toHaveLength(2);
  });
});
