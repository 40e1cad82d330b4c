import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endBuiltServers, startBuiltServer } from './built-server.js';
import { type Client, TestService, newDatabase } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { environmentOf } from './harness/migrated-database.js';

/** Longer than any test: what is fresh has been made because somebody asked. */
const NEVER = '86400000';
const PATIENCE_MS = 60_000;

interface Row {
  summary: string | null;
  summary_stale: number;
  summary_at: number | null;
}

/** A user's row as it is stored. */
function rowOf(view: DatabaseView, vault: string, user = 'ana'): Row | undefined {
  return view.all<Row>('SELECT * FROM users WHERE vault_id = ? AND user_id = ?', vault, user)[0];
}

async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error('It did not come about');
    await sleep(10);
  }
}

const PATH = '/v1/users/ana';
const add = async (client: Client, content: string, fields: object = {}) => {
  const { status, body } = await client.post('/v1/memories', { content, ...fields });
  expect(status).toBe(201);
  return body as { id: string };
};
const summaryOf = async (client: Client) =>
  (await client.get(`${PATH}/summary`)).body.summary as string | null;
const put = (client: Client, body: unknown) => client.send('PUT', PATH, body);
const regenerate = (client: Client) => client.post(`${PATH}/summary/regenerate`, undefined);

describe('a summary', () => {
  let service: TestService;
  let view: DatabaseView;
  beforeAll(async () => {
    service = await TestService.start({ USER_SUMMARY_DELAY_MS: NEVER });
    view = new DatabaseView(service.databasePath);
  });
  afterAll(async () => {
    view.close();
    await service.stop();
  });

  it('follows the memories: it differs after 1, 10 and 100 of them', async () => {
    const ana = service.as('grows', 'ana');
    const seen: string[] = [];
    for (let n = 1; n <= 100; n += 1) {
      await add(ana, `On day ${n} Ana took the night train to city ${n}.`, { created_at: n * 86_400_000 });
      if (![1, 10, 100].includes(n)) continue;
      const summary = (await summaryOf(ana))!;
      expect(summary).toMatch(new RegExp(`^${n} memor(y|ies) `));
      expect(summary).toContain(`Ana took the night train to city ${n}.`);
      expect(summary.length).toBeLessThanOrEqual(1_000);
      expect((await ana.get(PATH)).body.summary).toBe(summary);
      seen.push(summary);
    }
    expect(new Set(seen).size).toBe(3);
    expect(seen[2]).toContain('from 1970-01-02 to 1970-04-11');
    expect(seen[2]).toContain('Sectors of the latest 50: ');
    expect(seen[2]).toContain('train');
  });

  it('is made when it is asked for, and a read stays a read', async () => {
    const ana = service.as('reads', 'ana');
    await add(ana, 'Ana likes tea.');
    const before = view.digest();
    for (const path of ['/v1/users', PATH, `${PATH}/summary`]) await ana.get(path);
    expect(view.digest()).toBe(before);
    expect(rowOf(view, 'reads')).toMatchObject({ summary: null, summary_stale: 1 });
    const { body } = await regenerate(ana);
    expect(rowOf(view, 'reads')).toMatchObject({
      summary: body.summary,
      summary_at: body.summary_at,
      summary_stale: 0,
    });
    expect((await ana.get(PATH)).body).toMatchObject({ summary: body.summary, summary_at: body.summary_at });
  });

  it('forgets at once what was deleted, changed or given away', async () => {
    const all = service.as('forgets');
    const made: string[] = [];
    for (const word of ['first', 'second', 'third', 'fourth', 'fifth', 'sixth']) {
      made.push(
        (await add(all, `Ana told a secret, the ${word} canary.`, { user_id: 'ana', session_id: word })).id,
      );
    }
    const steps: [word: string, step: () => Promise<unknown>][] = [
      ['first', () => all.delete(`/v1/memories/${made[0]}`)],
      ['second', () => all.patch(`/v1/memories/${made[1]}`, { content: 'Nothing to see here.' })],
      ['third', () => all.patch(`/v1/memories/${made[2]}`, { user_id: 'ben' })],
      ['fourth', () => all.patch(`/v1/memories/${made[3]}`, { user_id: null })],
      ['fifth', () => all.delete('/v1/memories?session_id=fifth')],
    ];
    for (const [word, step] of steps) {
      await regenerate(all);
      expect(rowOf(view, 'forgets')!.summary).toContain('canary');
      await step();
      expect(rowOf(view, 'forgets')).toMatchObject({ summary: null, summary_stale: 1 });
      expect(await summaryOf(all)).not.toContain(word);
    }
    expect(await summaryOf(all)).toContain('the sixth canary');
  });

  it('says nothing of what has expired, swept away or not', async () => {
    const ana = service.as('expires', 'ana');
    await add(ana, 'Ana likes tea.');
    const soon = Date.now() + 400;
    await add(ana, 'The door code is canary, for a moment.', { expires_at: soon });
    const before = (await regenerate(ana)).body;
    expect(before.summary).toMatch(/^2 memories/);
    expect(before.summary).toContain('canary');
    await until(() => Date.now() > soon);
    expect(rowOf(view, 'expires')).toMatchObject({ summary_stale: 0, summary: before.summary });
    expect(await summaryOf(ana)).toMatch(/^1 memory/);
    expect(await summaryOf(ana)).not.toContain('canary');
    expect((await regenerate(ana)).body.summary).not.toContain('canary');
  });

  it('is gone with the last memory', async () => {
    const ana = service.as('empties', 'ana');
    const { id } = await add(ana, 'Ana likes tea.');
    await regenerate(ana);
    await ana.delete(`/v1/memories/${id}`);
    expect((await ana.get(PATH)).body).toMatchObject({ summary: null, has_summary: false, count: 0 });
    expect((await regenerate(ana)).body.summary).toBeNull();
  });

  it('written by hand is kept until it is given back', async () => {
    const ana = service.as('by-hand', 'ana');
    await add(ana, 'Ana likes tea.');
    const mine = 'Ana, in her own words: ☕';
    expect((await put(ana, { summary: mine })).body).toMatchObject({ summary: mine, summary_manual: true });
    const { id } = await add(ana, 'Ana likes coffee.');
    await ana.delete(`/v1/memories/${id}`);
    expect((await regenerate(ana)).body).toMatchObject({ summary: mine, summary_manual: true });
    await put(ana, {});
    expect(await summaryOf(ana)).toBe(mine);
    expect(rowOf(view, 'by-hand')).toMatchObject({ summary: mine, summary_stale: 0 });
    const back = (await put(ana, { summary: null })).body;
    expect(back).toMatchObject({ summary_manual: false });
    expect(back.summary).toMatch(/^1 memory/);
    expect(rowOf(view, 'by-hand')).toMatchObject({ summary: null, summary_stale: 1 });
  });

  it('is bounded whatever the memories are like', async () => {
    const ana = service.as('large', 'ana');
    const texts = [
      'x'.repeat(200_000),
      'no full stop '.repeat(15_000),
      '. '.repeat(50_000),
      '京'.repeat(100_000),
    ];
    texts.push(
      `${'a'.repeat(399)}👩`,
      '!!!',
      '\u202e\u0007',
      Array.from({ length: 5_000 }, (_, i) => `w${i}.`).join(''),
    );
    for (const text of texts) {
      await add(ana, text);
      const summary = (await summaryOf(ana))!;
      expect(summary.length).toBeLessThanOrEqual(1_000);
      expect(summary.isWellFormed()).toBe(true);
    }
  });

  it('is the same however often and by however many it is made at once', async () => {
    const ana = service.as('at-once', 'ana');
    for (let n = 0; n < 30; n += 1) await add(ana, `Ana walks dog number ${n % 4} in the park.`);
    const answers = await Promise.all(Array.from({ length: 100 }, () => regenerate(ana)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.summary as string)).size).toBe(1);
    expect(rowOf(view, 'at-once')).toMatchObject({ summary: answers[0].body.summary, summary_stale: 0 });
  });

  it('is never behind an answered write, while others write and make it anew', async () => {
    const ana = service.as('race', 'ana');
    let written = 0;
    await Promise.all([
      (async () => {
        for (let n = 0; n < 60; n += 1) {
          await add(ana, `Ana saw owl ${n}.`);
          written = n + 1;
        }
      })(),
      ...Array.from({ length: 4 }, async () => {
        while (written < 60) {
          const before = written;
          await regenerate(ana);
          if (before === 0) continue;
          expect(Number.parseInt((await summaryOf(ana))!)).toBeGreaterThanOrEqual(before);
        }
      }),
    ]);
    expect(await summaryOf(ana)).toMatch(/^60 memories/);
  });
});

describe('summaries that are switched off', () => {
  it('are made where somebody asks, and shown for as long as they are true', async () => {
    const path = newDatabase();
    const off = await TestService.start({ USER_SUMMARIES: 'false' }, path);
    const ana = off.as('off', 'ana');
    await add(ana, 'Ana likes tea.');
    expect((await ana.get(PATH)).body).toMatchObject({ summary: null, has_summary: false, summary_at: null });
    const made = (await regenerate(ana)).body;
    expect(made.summary).toMatch(/^1 memory/);
    expect((await ana.get(PATH)).body).toMatchObject({ summary: made.summary, has_summary: true });
    await add(ana, 'Ana likes coffee.');
    expect((await ana.get(PATH)).body).toMatchObject({ summary: null, has_summary: false });
    await put(ana, { summary: 'By hand.' });
    expect((await ana.get(PATH)).body).toMatchObject({ summary: 'By hand.', has_summary: true });
    await put(ana, { summary: null });
    await off.stop();

    const on = await TestService.start({ USER_SUMMARY_DELAY_MS: NEVER }, path);
    expect(await summaryOf(on.as('off', 'ana'))).toMatch(/^2 memories/);
    await on.stop();
  });
});

describe('the job', () => {
  it('stores what the writes have outdated, of every user of the vault and of no other', async () => {
    const service = await TestService.start({ USER_SUMMARY_DELAY_MS: '100' });
    const view = new DatabaseView(service.databasePath);
    const all = service.as('job');
    for (let n = 0; n < 120; n += 1) await add(all, `User ${n} likes tea.`, { user_id: `u${n % 60}` });
    await put(service.as('job', 'ana'), { summary: 'By hand.' });
    await until(() => view.all(`SELECT 1 FROM users WHERE vault_id = 'job' AND summary_stale`).length === 0);
    const rows = view.all<Row>(`SELECT * FROM users WHERE vault_id = 'job' AND NOT summary_manual`);
    expect(rows).toHaveLength(60);
    expect(rows.every(({ summary }) => summary?.startsWith('2 memories'))).toBe(true);
    expect(rowOf(view, 'job', 'ana')).toMatchObject({ summary: 'By hand.' });
    await all.delete('/v1/memories?user_id=u1');
    await until(() => rowOf(view, 'job', 'u1')!.summary_stale === 0);
    expect(rowOf(view, 'job', 'u1')).toMatchObject({ summary: null });
    view.close();
    await service.stop();
  });

  it('makes the summaries of a crowd in several runs, those of who was written to first', async () => {
    const path = newDatabase();
    const first = await TestService.start({ USER_SUMMARY_DELAY_MS: NEVER }, path);
    const rows = Array.from({ length: 450 }, (_, n) => ({ content: 'An owl.', user_id: `u${n}` }));
    for (let at = 0; at < rows.length; at += 150) {
      expect(
        (await first.as('crowd').post('/v1/memories/batch', rows.slice(at, at + 150))).body.created,
      ).toBe(150);
    }
    await first.stop();
    const view = new DatabaseView(path);
    const marked = () => view.all(`SELECT 1 FROM users WHERE summary_stale`).length;
    expect(marked()).toBe(450);
    const next = await TestService.start({ USER_SUMMARY_DELAY_MS: '1' }, path);
    await add(next.as('crowd', 'zoe'), 'Zoe likes tea.');
    await until(() => rowOf(view, 'crowd', 'zoe')!.summary_stale === 0);
    expect(marked()).toBeGreaterThan(0);
    await until(() => marked() === 0);
    view.close();
    await next.stop();
  });

  it.each<[string, (service: TestService) => Promise<unknown>]>([
    ['write', (service) => add(service.as('resumes', 'cem'), 'Cem likes tea.')],
    ['question', (service) => service.as('resumes', 'ana').get(PATH)],
  ])('goes on after a stop: the marks are found again with the next %s', async (_, awaken) => {
    const path = newDatabase();
    const first = await TestService.start({ USER_SUMMARY_DELAY_MS: NEVER }, path);
    for (const user of ['ana', 'ben']) await add(first.as('resumes', user), `${user} likes tea.`);
    await first.stop();
    const view = new DatabaseView(path);
    expect(rowOf(view, 'resumes')).toMatchObject({ summary: null, summary_stale: 1 });
    const next = await TestService.start({ USER_SUMMARY_DELAY_MS: '1' }, path);
    await awaken(next);
    for (const user of ['ana', 'ben']) {
      await until(() => rowOf(view, 'resumes', user)!.summary_stale === 0);
      expect(rowOf(view, 'resumes', user)!.summary).toMatch(/^1 memory/);
    }
    view.close();
    await next.stop();
  });
});

describe('a kill', () => {
  afterAll(endBuiltServers);

  it('between the write and its summary leaves a mark, which the next process finds', async () => {
    const path = newDatabase();
    const start = (delay: string) =>
      startBuiltServer({ ...environmentOf(path), USER_SUMMARY_DELAY_MS: delay });
    const write = (url: string, user: string) =>
      fetch(`${url}/v1/memories`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-vault-id': 'killed', 'x-user-id': user },
        body: JSON.stringify({ content: `${user} likes tea.` }),
      });
    const server = await start(NEVER);
    for (const user of ['ana', 'ana', 'ben']) expect((await write(server.url, user)).status).toBe(201);
    server.child.kill('SIGKILL');
    await server.exit;
    const view = new DatabaseView(path);
    expect(rowOf(view, 'killed')).toMatchObject({ summary: null, summary_stale: 1 });

    const next = await start('1');
    expect((await write(next.url, 'cem')).status).toBe(201);
    await until(() => rowOf(view, 'killed')!.summary_stale === 0);
    expect(rowOf(view, 'killed')!.summary).toMatch(/^2 memories/);
    view.close();
  });
});
