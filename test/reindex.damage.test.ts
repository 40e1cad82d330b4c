import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { reindexDatabase } from '../src/upgrade/reindex-database.js';
import { type Answer, type Client, TestService } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { adoptedDatabase, tamper } from './harness/stored-memories.js';

const seed = randomSeed('reindex.damage');

describe('damage', () => {
  const ROUNDS = Number(process.env.REINDEX_ROUNDS ?? 30);
  const DAMAGES = [
    `UPDATE term_blocks SET data = coalesce(substr(data, 1, length(data) - 4), x'') WHERE`,
    `UPDATE term_blocks SET data = x'' WHERE`,
    'UPDATE term_blocks SET data = randomblob(length(data)) WHERE',
    `UPDATE term_blocks SET data = cast(substr(data, 1, 8) || randomblob(length(data) - 8) AS blob) WHERE`,
    `UPDATE term_blocks SET data = cast(data || x'01000000' AS blob) WHERE`,
    'UPDATE term_blocks SET slots = slots + 1 WHERE',
    'UPDATE term_blocks SET slots = 0 WHERE',
    'UPDATE term_blocks SET slots = 5000 WHERE',
    'UPDATE term_blocks SET first_position = first_position + 3 WHERE',
    'UPDATE term_blocks SET first_position = first_position - 3 WHERE',
    'UPDATE term_blocks SET first_position = 100000 WHERE',
    'UPDATE term_blocks SET first_position = 1 WHERE',
    'UPDATE OR REPLACE term_blocks SET block_no = block_no + 7 WHERE',
    'UPDATE OR REPLACE term_blocks SET block_no = 100000 WHERE',
    'DELETE FROM term_blocks WHERE',
    'DELETE FROM memories WHERE position % 7 = 0 AND 0 <>',
    'UPDATE scopes SET memory_count = 0, term_count = -5 WHERE 0 <>',
    'UPDATE scopes SET next_position = next_position - 10 WHERE 0 <>',
    'UPDATE scopes SET next_position = 0 WHERE 0 <>',
    'UPDATE scopes SET next_position = next_position + 100 WHERE 0 <>',
    'DELETE FROM scopes WHERE 0 <>',
  ];

  async function damage(path: string, kinds: readonly string[], random: Random): Promise<string[]> {
    const done = kinds.map((kind) => `${kind} (block_no / 64) % 4 = ${random.below(4)}`);
    // Of the tables without that column, the whole.
    for (const sql of done) await tamper(path, sql.replace(/0 <> .*/, '1 = 1'));
    await tamper(path, 'UPDATE scopes SET index_version = 0');
    return done;
  }

  it.each(DAMAGES)('is found and repaired from the memories: %s', async (kind) => {
    const random = new Random(seed);
    const path = await adoptedDatabase({ acme: { ana: 150 + random.below(150) } }, random);
    await reindexDatabase({ path });
    const done = await damage(path, [kind], random);
    await reindexDatabase({ path });
    expect([done, auditIndex(path)]).toMatchObject([done, SOUND]);
  });

  it(
    'of several kinds is repaired, even where one hides the other, by looking everywhere',
    async () => {
      const random = new Random(seed);
      for (let round = 0; round < ROUNDS; round += 1) {
        const path = await adoptedDatabase({ acme: { ana: 150 + random.below(150) } }, random);
        await reindexDatabase({ path });
        const kinds = Array.from({ length: 2 + random.below(3) }, () => random.pick(DAMAGES));
        const done = await damage(path, kinds, random);
        await reindexDatabase({ path, all: true }).catch((error: unknown) =>
          expect([done, error]).toEqual([]),
        );
        expect([round, done, auditIndex(path)]).toMatchObject([round, done, SOUND]);
      }
    },
    ROUNDS * 5_000,
  );

  it.each([
    [`data = x''`],
    [`data = x'0240'`],
    ['data = substr(data, 1, length(data) - 4)'],
    [`data = cast(substr(data, 1, 8) || randomblob(length(data) - 8) AS blob)`],
    [`data = cast(data || x'01000000' AS blob)`],
    ['slots = slots - 1'],
  ])('keeps no request from its answer, and is repaired by itself: %s', async (damage) => {
    const requests: [block: string, send: (client: Client, id: string) => Promise<Answer>, status: number][] =
      [
        ['ASC', (client) => client.post('/v1/memories/search', { query: 'owl barn', limit: 100 }), 200],
        ['DESC', (client) => client.post('/v1/memories/search', { query: 'owl barn', limit: 100 }), 200],
        ['DESC', (client) => client.post('/v1/memories', { content: 'One more owl.' }), 201],
        ['ASC', (client, id) => client.patch(`/v1/memories/${id}`, { content: 'Something else.' }), 200],
        ['DESC', (client, id) => client.patch(`/v1/memories/${id}`, { session_id: 'another' }), 200],
        ['ASC', (client, id) => client.delete(`/v1/memories/${id}`), 204],
        ['DESC', (client, id) => client.delete(`/v1/memories/${id}`), 204],
      ];
    const owners = Object.fromEntries(requests.map((_, i) => [`u${i}`, 100]));
    const path = await adoptedDatabase({ acme: owners }, new Random(seed));
    await reindexDatabase({ path });
    const service = await TestService.start({}, path);
    const view = new DatabaseView(path);
    for (const [i, [block, send, status]] of requests.entries()) {
      const [{ id }] = view.all<{ id: string }>(
        `SELECT id FROM memories WHERE user_id = ? AND expires_at IS NULL ORDER BY position ${block} LIMIT 1`,
        `u${i}`,
      );
      await tamper(
        path,
        `UPDATE term_blocks SET ${damage} WHERE user_id = ? AND block_no =
         (SELECT block_no FROM term_blocks WHERE user_id = ? ORDER BY block_no ${block} LIMIT 1)`,
        ...[`u${i}`, `u${i}`],
      );
      const answer = await send(service.as('acme', `u${i}`), id);
      expect([i, answer.status]).toEqual([i, status]);
      // What is not damaged is found meanwhile.
      if (status === 200 && answer.body.results) expect(answer.body.results.length).toBeGreaterThan(10);
    }
    view.close();
    const sound = () => JSON.stringify({ ...auditIndex(path), memories: undefined });
    await expect.poll(sound, { timeout: 20_000 }).toBe(JSON.stringify(SOUND));
    await service.stop();
  });
});
