import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { IndexUpkeep } from '../src/recall/index-upkeep.js';
import { Reindexer } from '../src/recall/reindexer.js';
import { type Client, TestService } from './harness/app.js';
import { blockWrites } from './harness/blocked-writes.js';
import { runBuilt } from './harness/built.js';
import { DatabaseView } from './harness/database-view.js';
import { writeFormerIndex } from './harness/former-index.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { copyOf, environmentOf } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { adoptedDatabase, idsIn, indexOf } from './harness/stored-memories.js';

const seed = randomSeed('reindex.concurrency');

/** A request as any client may send it at any time. */
function anyRequest(client: Client, ids: string[], random: Random): Promise<{ status: number }> {
  const id = random.pick(ids);
  const path = `/v1/memories/${id}`;
  const content = `An owl ${random.below(1_000)} in the barn${random.chance(0.5) ? '?' : ''}`;
  switch (random.below(8)) {
    case 0:
    case 1: {
      const own = `new-${random.below(2 ** 31)}`;
      ids.push(own);
      return client.post('/v1/memories', { id: own, content, user_id: random.pick(['ana', 'ben', 'cem']) });
    }
    case 2:
      return client.patch(path, { content });
    case 3:
      return client.patch(path, { session_id: `s${random.below(9)}` });
    case 4:
      return client.patch(path, { user_id: random.pick(['ana', 'ben', 'cem']) });
    case 5:
      return client.patch(path, { expires_at: Date.now() + 10 ** 9 });
    case 6:
      return client.delete(path);
    default:
      return client.post('/v1/memories/search', { query: content });
  }
}

describe('while an index is rebuilt', () => {
  it('memories are added, changed, moved and deleted, and each ends as it should', async () => {
    const random = new Random(seed);
    for (let round = 0; round < 10; round += 1) {
      const path = await adoptedDatabase({ acme: { ana: 260, ben: 130 } }, random);
      if (round % 2 === 1) writeFormerIndex(path, random.pick([0, 64, 100]));
      const ids = idsIn(path, 'acme');
      const service = await TestService.start({}, path);
      const client = service.as('acme');
      const answers: Promise<{ status: number }>[] = [];
      const pause = async () => {
        for (let n = random.below(6); n > 0; n -= 1) {
          answers.push(anyRequest(client, ids, random));
          // Others meet the next transaction.
          if (random.chance(0.5)) await answers.at(-1);
        }
      };
      await service.app.get(Reindexer, { strict: false }).vault('acme', { which: 'stale', pause });
      const statuses = new Set((await Promise.all(answers)).map(({ status }) => status));
      await service.stop();
      expect([...statuses].filter((status) => ![200, 201, 204, 404].includes(status))).toEqual([]);
      expect([round, auditIndex(path)]).toMatchObject([round, SOUND]);
    }
  });

  it('the service is ready, says so, and is done by itself', async () => {
    const path = await adoptedDatabase({ acme: { ana: 500 }, globex: { '': 500 } }, new Random(seed));
    const service = await TestService.start({}, path);
    const anyone = service.anonymous();
    const index = async () => {
      const { status, body } = await anyone.get('/health/ready');
      expect([status, body.status]).toEqual([200, 'ok']);
      return body.checks.index;
    };
    expect(await index()).toBe('up');
    const upkeep = service.app.get(IndexUpkeep);
    upkeep.begin(['acme', 'globex']);
    expect(await index()).toBe('rebuilding');
    await expect.poll(index, { timeout: 120_000 }).toBe('up');
    await service.stop();
    expect(auditIndex(path)).toMatchObject(SOUND);
  });

  it('a vault that cannot be written to keeps no other from its turn', async () => {
    const path = await adoptedDatabase(
      { acme: { ana: 100 }, globex: { '': 100 }, initech: { '': 100 } },
      new Random(seed),
    );
    const allow = await blockWrites(path, { table: 'term_blocks', on: 'INSERT', vaultId: 'globex' });
    const service = await TestService.start({}, path);
    service.app.get(IndexUpkeep).begin(['acme', 'globex', 'initech']);
    const view = new DatabaseView(path);
    const indexed = () =>
      view
        .all<{ id: string }>('SELECT vault_id AS id FROM scopes WHERE index_version > 0 ORDER BY vault_id')
        .map(({ id }) => id);
    await expect.poll(indexed, { timeout: 120_000 }).toEqual(['acme', 'initech']);
    view.close();
    expect((await service.anonymous().get('/health/ready')).body.checks.index).toBe('rebuilding');
    expect((await service.as('globex').post('/v1/memories/search', { query: 'owl' })).status).toBe(200);
    // It waits for another try, and need not be waited for.
    await service.stop();
    await allow();
    expect((await runBuilt('src/cli/reindex', [], environmentOf(path))).stdout).toContain('100 memories');
    expect(auditIndex(path)).toMatchObject(SOUND);
  });

  it('the service stops between two steps, and the next one goes on', async () => {
    const path = await adoptedDatabase({ acme: { ana: 3_000 }, globex: { '': 100 } }, new Random(seed));
    const service = await TestService.start({}, path);
    service.app.get(IndexUpkeep).begin(['acme', 'globex']);
    const view = new DatabaseView(path);
    const blocks = () => view.counts().term_blocks;
    await expect.poll(blocks, { timeout: 120_000, interval: 1 }).toBeGreaterThan(2);
    await service.stop();
    const [before, whole] = [blocks(), Math.ceil(3_000 / 64)];
    expect(before).toBeLessThan(whole);
    view.close();
    const again = await TestService.start({}, path);
    again.app.get(IndexUpkeep).begin(['acme', 'globex']);
    const done = async () => (await again.anonymous().get('/health/ready')).body.checks.index;
    await expect.poll(done, { timeout: 120_000 }).toBe('up');
    await again.stop();
    expect(auditIndex(path)).toMatchObject(SOUND);
  });
});

describe('two rebuilds at once', () => {
  it('leave what one leaves', async () => {
    const path = await adoptedDatabase({ acme: { ana: 5_000 }, globex: { ben: 2_000 } }, new Random(seed));
    writeFormerIndex(path, 1_000);
    const alone = copyOf(path);
    const run = (place: string) => runBuilt('src/cli/reindex', [], environmentOf(place));
    const runs = await Promise.all([run(path), run(path), run(alone)]);
    expect(runs.map(({ status, stderr }) => [status, stderr])).toEqual(Array(3).fill([0, '']));
    expect(indexOf(path)).toEqual(indexOf(alone));
    expect(auditIndex(path)).toMatchObject(SOUND);
  });
});
