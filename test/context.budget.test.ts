import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextItemOf } from '../src/memories/context-layout.js';
import type { Memory } from '../src/memories/memory.entity.js';
import { estimateTokens } from '../src/memories/token-estimate.js';
import { type Client, TestService } from './harness/app.js';
import { type Context, DAY, MAY_3, MINUTE, context, idsOf, store } from './harness/context-client.js';
import { readContext } from './harness/context-text.js';
import { DatabaseView } from './harness/database-view.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { putVault } from './harness/vault-row.js';

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

describe('the budget', () => {
  it('leaves out what does not fit, whole, and lets smaller ones in', async () => {
    const client = service.as('budget', 'u');
    const long = `Owl owl owl owl. ${'It was a long night in the barn. '.repeat(40)}`;
    await store(
      client,
      { id: 'long', content: long, session_id: 'a' },
      { id: 'short', content: 'An owl.', session_id: 'b' },
    );
    expect(idsOf(await context(client, { query: 'owl', max_tokens: 50 }))).toEqual(['short']);
    const both = await context(client, { query: 'owl', max_tokens: 1000 });
    expect(idsOf(both)).toEqual(['long', 'short']);
    expect(idsOf(await context(client, { query: 'owl', max_tokens: both.tokens }))).toHaveLength(2);
    expect(idsOf(await context(client, { query: 'owl', max_tokens: both.tokens - 1 }))).toHaveLength(1);
  });

  it('that is too small, or finds nothing, gives an empty text', async () => {
    const client = service.as('small', 'u');
    await store(client, { content: 'An owl.' });
    const nothing = { text: '', memories: [], tokens: 0 };
    for (const max_tokens of [1, 2, 5]) {
      expect(await context(client, { query: 'owl', max_tokens })).toEqual(nothing);
    }
    expect(await context(client, { query: 'zebra' })).toEqual(nothing);
    expect(await context(client, { query: '?!' })).toEqual(nothing);
    expect(await context(service.as('small-2', 'u'), { query: 'owl' })).toEqual(nothing);
    expect(view.all("SELECT 1 FROM vaults WHERE vault_id = 'small-2'")).toEqual([]);
  });

  it('holds for long contents, as many as a search finds', async () => {
    const client = service.as('large', 'u');
    const content = 'Die Eule saß in der Scheune und sah den Zügen nach. '.repeat(2_000);
    for (let i = 0; i < 15; i += 1) {
      await store(client, { content: `${content} ${i}` }, { content: `Eule ${i}` });
    }
    const answer = await context(client, { query: 'Eule', max_tokens: 100_000 });
    expect(answer.tokens).toBeLessThanOrEqual(100_000);
    expect(answer.tokens).toBeGreaterThan(40_000);
  });
});

describe('any store and any budget', () => {
  const seed = randomSeed('context');
  const WORDS =
    'owl barn night train lake window Ana Tomas 京都 夜 сова बात قطار café 😀 the of 2026 "x" -'.split(' ');
  const PIECES = [
    '\n',
    '\n\n',
    '"""',
    '""""',
    '2020-01-01',
    '\n- Ana: forged',
    '\n"""\n',
    '\r',
    '\u2028',
    ': ',
  ];

  function content(random: Random, canary: string): string {
    const parts = Array.from({ length: 1 + random.below(random.chance(0.1) ? 200 : 12) }, () =>
      random.chance(0.08) ? random.pick(PIECES) : random.pick(WORDS),
    );
    const name = random.chance(0.2) ? `${random.pick(['Ana', 'Tomas', 'Note'])}: ` : '';
    return `${name}${parts.join(random.chance(0.9) ? ' ' : '')} ${canary}`;
  }

  const times = [MAY_3, MAY_3 + MINUTE, MAY_3 + 40 * MINUTE, MAY_3 + DAY, MAY_3 + 400 * DAY];

  function memory(random: Random, canary: string) {
    const metadata = {
      ...(random.chance(0.4) && { speaker: random.pick(['Ana', 'Tomas', 'Ana\nforged', '🦉', 'a: b']) }),
      ...(random.chance(0.2) && { session: random.pick(['s1', 's2', 3]) }),
      ...(random.chance(0.2) && { date: random.pick(['2026-05-04', '2019-02-28', 'soon']) }),
    };
    return {
      content: content(random, canary),
      metadata,
      created_at: random.pick(times),
      ...(random.chance(0.5) && { session_id: random.pick(['s1', 's2']) }),
      ...(random.chance(0.3) && { collection: random.pick(['c1', 'c2']) }),
    };
  }

  it('give a text within it, whole memories, in order, one’s own only, and the same again', async () => {
    const random = new Random(seed);
    for (let round = 0; round < 12; round += 1) {
      const vault = `any-${round}`;
      await putVault(service, vault, { shareUnowned: random.chance(0.5) });
      const shared = view.all('SELECT 1 FROM vaults WHERE vault_id = ? AND share_unowned', vault).length > 0;
      const owners = {
        ana: service.as(vault, 'ana'),
        ben: service.as(vault, 'ben'),
        nobody: service.as(vault),
      };
      const elsewhere = service.as(`${vault}-b`, 'ana');
      for (const [whose, client] of Object.entries({ ...owners, elsewhere })) {
        const count = whose === 'ana' ? 30 : 8;
        const rows = Array.from({ length: count }, () => memory(random, `canary${whose}`));
        expect((await client.post('/v1/memories/batch', rows)).body).toMatchObject({ created: count });
      }
      for (let ask = 0; ask < 12; ask += 1) {
        const max_tokens = 1 + random.below(random.pick([30, 300, 3000]));
        const query = [random.pick(WORDS), random.pick(WORDS)].join(' ');
        const filters = {
          ...(random.chance(0.3) && { collection: 'c1' }),
          ...(random.chance(0.3) && { min_score: random.next() / 3 }),
          ...(random.chance(0.3) && { created_after: MAY_3 + 1 }),
        };
        const answer = await context(owners.ana, { query, max_tokens, filters });
        expect(answer.tokens).toBeLessThanOrEqual(max_tokens);
        checkMemories(answer, filters, shared);
        checkText(answer);
        await checkNothingElseFits(owners.ana, answer, { query, max_tokens, filters });
        expect(await context(owners.ana, { query, max_tokens, filters })).toEqual(answer);
      }
    }
  });

  function checkMemories({ text, memories }: Context, filters: Record<string, unknown>, shared: boolean) {
    expect(text).not.toMatch(shared ? /canary(ben|elsewhere)/ : /canary(ben|nobody|elsewhere)/);
    expect(new Set(idsOf({ memories })).size).toBe(memories.length);
    for (const { content: whole, user_id, created_at, ...rest } of memories) {
      expect(text).toContain(whole);
      expect(user_id === 'ana' || (shared && user_id === null)).toBe(true);
      if ('collection' in filters) expect(rest).toMatchObject({ collection: 'c1' });
      if ('created_after' in filters) expect(created_at).toBeGreaterThan(MAY_3);
      if ('min_score' in filters && rest.score !== null) {
        expect(rest.score).toBeGreaterThanOrEqual(filters.min_score as number);
      }
    }
    if (memories.length > 0) expect(memories.some(({ score }) => score !== null)).toBe(true);
  }

  /** The text says what the memories say, group by group, in order of time. */
  function checkText({ text, memories }: Context) {
    const groups = readContext(text, new Set(memories.map(({ content: whole }) => whole)));
    const dates = groups.map(({ date }) => date);
    expect(dates).toEqual([...dates].sort());
    expect(groups.flatMap((group) => group.memories.map((said) => said.content))).toEqual(
      memories.map(({ content: whole }) => whole),
    );
    let at = 0;
    for (const group of groups) {
      const own = memories.slice(at, (at += group.memories.length)).map(({ created_at }) => created_at);
      expect(own).toEqual([...own].sort((a, b) => a - b));
    }
  }

  /** As it stands in the text, and what it stands with. */
  function written({ content: whole, metadata, session_id, user_id, created_at }: Context['memories'][0]) {
    const row = {
      content: whole,
      metadata: JSON.stringify(metadata),
      sessionId: session_id,
      createdAt: created_at,
    };
    const { text, day, session } = contextItemOf(row as Memory);
    return { text, group: JSON.stringify([user_id, session, day]) };
  }

  /** What the search found and the text leaves out did not fit. */
  async function checkNothingElseFits(client: Client, { text, memories }: Context, body: object) {
    const { max_tokens, ...rest } = body as { max_tokens: number };
    const { body: found } = await client.post('/v1/memories/search', { ...rest, limit: 100 });
    const groups = new Set(memories.map((memory) => written(memory).group));
    for (const result of found.results) {
      const own = memories.find(({ id }) => id === result.id);
      if (own) expect(own).toEqual(result);
      if (own) continue;
      const { text: lines, group } = written(result);
      const heading = groups.has(group) ? '' : text === '' ? '2026-05-03' : '\n\n2026-05-03';
      expect(estimateTokens(`${text}${heading}\n${lines}`)).toBeGreaterThan(max_tokens);
    }
  }
});
