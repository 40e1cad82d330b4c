import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { type Result, idsOf, resultsOf, search } from './harness/searching.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(async () => {
  expect(auditIndex(service.databasePath)).toMatchObject(SOUND);
  await service.stop();
});

describe('POST /v1/memories/search', () => {
  const store = async (client: Client, body: object) => {
    const { status, text } = await client.post('/v1/memories', body);
    if (status !== 201) throw new Error(text);
  };

  it('does not move one score of a user when other users and vaults write', async () => {
    const ana = service.as('still', 'ana');
    for (const [i, content] of ['owl barn', 'owl owl window', 'a barn by night', 'window seat'].entries()) {
      await store(ana, { id: `m${i}`, content });
    }
    const ask = async () => (await ana.post('/v1/memories/search', { query: 'owl in the barn window' })).text;
    const before = await ask();
    for (const other of [service.as('still', 'ben'), service.as('still'), service.as('still-2', 'ana')]) {
      for (let i = 0; i < 70; i += 1)
        await store(other, { content: `owl barn window ${i}`, tags: ['other'] });
      expect(await ask()).toBe(before);
      await other.delete('/v1/memories?tag=other');
      expect(await ask()).toBe(before);
    }
  });

  it('never lets filters change a score, only what is shown', async () => {
    const client = service.as('restrict');
    for (let i = 0; i < 260; i += 1) {
      await store(client, {
        id: `m${i}`,
        content: `owl ${'barn '.repeat(i % 7)} number ${i}`,
        user_id: i % 2 ? 'ana' : undefined,
        session_id: `s${i % 3}`,
        collection: i % 5 ? 'c' : undefined,
        sector: i % 4 ? 'semantic' : 'emotional',
        tags: [`t${i % 3}`, 'all'],
        metadata: { n: i % 6, nested: { a: [i % 2] } },
        created_at: 1000 + i,
      });
    }
    const query = 'owl barn';
    const everything: Result[] = [];
    for (let min = 0; min < 260; min += 100) {
      const range = { created_after: 1000 + min, created_before: 1000 + min + 100 };
      everything.push(...(await search(client, query, { filters: range })));
    }
    expect(everything).toHaveLength(260);
    const scores = new Map(everything.map(({ id, score }) => [id, score]));
    const ranked = [...scores].sort((a, b) => b[1] - a[1] || Number(a[0].slice(1)) - Number(b[0].slice(1)));
    // All unowned ones come before Ana's of the same position.
    const order = ranked.map(([id]) => id);
    const number = (id: string) => Number(id.slice(1));
    for (const [filters, fits] of [
      [{ session_id: 's1' }, (n: number) => n % 3 === 1],
      [{ collection: 'c' }, (n: number) => n % 5 !== 0],
      [{ sectors: ['emotional'] }, (n: number) => n % 4 === 0],
      [{ sectors: ['emotional', 'semantic'] }, () => true],
      [{ sectors: [] }, () => true],
      [{ tags: ['t2', 'all'] }, (n: number) => n % 3 === 2],
      [{ tags: ['t2', 't1'] }, () => false],
      [{ metadata: { n: 3, nested: { a: [1] } } }, (n: number) => n % 6 === 3],
      [{ metadata: { n: '3' } }, () => false],
      [{ metadata: { constructor: 'x' } }, () => false],
      [{ created_after: 1250, tags: ['t0'] }, (n: number) => n >= 250 && n % 3 === 0],
    ] as const) {
      const found = await search(client, query, { filters });
      const expected = order.filter((id) => fits(number(id)));
      expect(found, JSON.stringify(filters)).toHaveLength(Math.min(100, expected.length));
      const least = found.at(-1)?.score ?? 0;
      for (const { id, score } of found) {
        expect(fits(number(id))).toBe(true);
        expect(score).toBe(scores.get(id));
      }
      // Nothing better was left out.
      expect(expected.filter((id) => scores.get(id)! > least).every((id) => idsOf(found).includes(id))).toBe(
        true,
      );
    }
    const best = await search(client, query, { limit: 7 });
    expect(best.map(({ score }) => score)).toEqual(ranked.slice(0, 7).map(([, score]) => score));
    const least = ranked[40][1];
    const good = await search(client, query, { filters: { min_score: least } });
    expect(good).toHaveLength(ranked.filter(([, score]) => score >= least).length);
    expect(good.every(({ score }) => score >= least)).toBe(true);
    expect(await search(client, query, { filters: { min_score: 1 } })).toEqual([]);
    expect(resultsOf(await client.post('/v1/memories/search', { query }))).toHaveLength(20);
  });

  it('searches the memories of hundreds of users for a service, equal places by owner', async () => {
    const client = service.as('crowd');
    const users = Array.from({ length: 450 }, (_, i) => `user ${String(i).padStart(3, '0')}`);
    for (const user_id of [...users].reverse())
      await store(client, { id: user_id, user_id, content: 'An owl.' });
    expect(idsOf(await search(client, 'owl'))).toEqual(users.slice(0, 100));
    await client.patch('/v1/memories/user%20449', { collection: 'c' });
    expect(idsOf(await search(client, 'owl', { filters: { collection: 'c' } }))).toEqual(['user 449']);
  });

  it('gives equal scores in the order of arrival', async () => {
    const client = service.as('ties', 'u');
    const ids = ['d', 'b', 'z', 'a', 'c'];
    for (const [i, id] of ids.entries())
      await store(client, { id, content: 'The same owl.', session_id: id, created_at: 9 - i });
    const found = await search(client, 'owl');
    expect(idsOf(found)).toEqual(ids);
    expect(new Set(found.map(({ score }) => score)).size).toBe(1);
  });

  it('finds nothing for stop words, punctuation or words that nobody used', async () => {
    const client = service.as('nothing', 'u');
    await store(client, { content: 'The owl is in the barn.' });
    for (const query of ['the of and', '?!', ' ', 'zeppelin', '👍']) {
      expect(await search(client, query)).toEqual([]);
    }
  });

  it.each<[string, unknown, string]>([
    ['no query', {}, 'query'],
    ['an empty query', { query: '' }, 'query'],
    ['a query beyond 8,192 characters', { query: 'x'.repeat(8193) }, 'query'],
    ['a query that is no text', { query: ['x'] }, 'query'],
    ['a limit of 0', { query: 'x', limit: 0 }, 'limit'],
    ['a limit of 101', { query: 'x', limit: 101 }, 'limit'],
    ['a limit that is text', { query: 'x', limit: '5' }, 'limit'],
    ['a limit that is no integer', { query: 'x', limit: 1.5 }, 'limit'],
    ['filters that are null', { query: 'x', filters: null }, 'filters'],
    ['filters that are a list', { query: 'x', filters: [] }, 'filters'],
    ['filters of filters', { query: 'x', filters: { filters: {} } }, 'filters.filters'],
    ['a vault', { query: 'x', filters: { vault_id: 'other' } }, 'filters.vault_id'],
    ['a score over 1', { query: 'x', filters: { min_score: 1.1 } }, 'filters.min_score'],
    ['sectors that are no list', { query: 'x', filters: { sectors: 'semantic' } }, 'filters.sectors'],
    ['an unknown sector', { query: 'x', filters: { sectors: ['toString'] } }, 'filters.sectors'],
    ['a tag that is no text', { query: 'x', filters: { tags: [{}] } }, 'filters.tags'],
    ['metadata that is a list', { query: 'x', filters: { metadata: [] } }, 'filters.metadata'],
    ['a time that is text', { query: 'x', filters: { created_after: '1' } }, 'filters.created_after'],
    ['a field it does not know', { query: 'x', explainn: true }, 'explainn'],
  ])('refuses %s by name', async (_, body, field) => {
    const answer = await service.as('refused', 'u').post('/v1/memories/search', body);
    expect([answer.status, answer.body.code]).toEqual([400, 'VALIDATION_FAILED']);
    expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
  });

  it('finds the one memory of its words, in any of these languages', async () => {
    const client = service.as('languages', 'u');
    const memories = [
      ['Chinese', '她每天早上在公园里练太极拳。', '太极拳'],
      ['Japanese', '彼は京都駅でラーメンを食べました。', '京都のラーメン'],
      ['Korean', '민지는 매주 토요일에 등산을 갑니다.', '토요일 등산'],
      ['Russian', 'Моя бабушка выращивает розовые пионы.', 'розовые пионы'],
      ['Arabic', 'يحبّ سامي القهوة بدون سكّر.', 'القهوة بدون سكر'],
      ['Hindi', 'मेरी बहन दिल्ली में पढ़ाती है।', 'दिल्ली बहन'],
      ['German', 'Der Schlüssel liegt unter der Fußmatte.', 'SCHLÜSSEL FUSSMATTE'],
      ['French', "L'été, Chloé préfère la crème brûlée.", 'creme brulee'],
      ['English', 'Priya adopted two rescued greyhounds.', 'greyhound rescue'],
    ];
    // Each in a session of its own: a neighbour would be found too, further down.
    for (const [id, content] of memories) await store(client, { id, content, session_id: id });
    for (const [id, content, query] of memories) {
      expect(idsOf(await search(client, query))).toEqual([id]);
      expect(idsOf(await search(client, content))[0]).toBe(id);
    }
  });
});
