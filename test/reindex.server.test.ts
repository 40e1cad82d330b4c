import 'reflect-metadata';
import { afterAll, describe, expect, it } from 'vitest';
import { type BuiltServer, endBuiltServers, startBuiltServer } from './built-server.js';
import { AcknowledgingWriter } from './harness/acknowledging-writer.js';
import { runBuilt } from './harness/built.js';
import { DatabaseView } from './harness/database-view.js';
import { writeFormerIndex } from './harness/former-index.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { environmentOf } from './harness/migrated-database.js';
import { onPostgres } from './harness/postgres/postgres-databases.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { type Owners, adoptedDatabase, idsIn } from './harness/stored-memories.js';

const seed = randomSeed('reindex.server');

afterAll(endBuiltServers);

describe('the built service', () => {
  /** Whether a search for its own word finds each of these memories; those beside it count too, and may come first. */
  async function findsAll({ url }: BuiltServer, vault: string, ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      const [userId, position] = id.split('-');
      const response = await fetch(`${url}/v1/memories/search`, {
        method: 'POST',
        headers: { 'x-vault-id': vault, 'content-type': 'application/json' },
        body: JSON.stringify({ query: `w${position}of${userId}`, limit: 20 }),
      });
      const { results } = (await response.json()) as { results: { id: string }[] };
      expect(results.map((found) => found.id)).toContain(id);
    }
  }

  const isReady = async ({ url }: BuiltServer) => {
    const { checks } = (await (await fetch(`${url}/health/ready`)).json()) as { checks: { index: string } };
    return checks.index;
  };

  it('takes over a database of the version before, while others write to it and rebuild it', async () => {
    const random = new Random(seed + 1);
    const path = await adoptedDatabase(
      { 'vault-0': { ana: 4_000, '': 500 }, 'vault-1': { ben: 600 } },
      random,
      // On PostgreSQL the service changes no schema.
      onPostgres ? undefined : '2.0.0',
    );
    writeFormerIndex(path);
    const old = Object.fromEntries(
      ['vault-0', 'vault-1'].map((vault) => [vault, idsIn(path, vault).filter(() => random.chance(0.02))]),
    );
    const env = environmentOf(path);
    const server = await startBuiltServer(env);
    expect(await isReady(server)).toBe('rebuilding');
    const writers = [0, 1, 2].map(
      (i) => new AcknowledgingWriter(`x${i}`, `vault-${i % 2}`, ['ana', 'cem'][i % 2], random),
    );
    const [commands] = await Promise.all([
      Promise.all([runBuilt('src/cli/reindex', [], env), runBuilt('src/cli/reindex', ['--all'], env)]),
      ...writers.map((writer) => writer.write(server.url, 60)),
    ]);
    expect(commands.map(({ status, stderr }) => [status, stderr])).toEqual(Array(2).fill([0, '']));
    await expect.poll(() => isReady(server), { timeout: 180_000 }).toBe('up');
    for (const [vault, ids] of Object.entries(old)) {
      // Those that have expired are not found.
      const view = new DatabaseView(path);
      const living = view.all<{ id: string }>(
        'SELECT id FROM memories WHERE vault_id = ? AND (expires_at IS NULL OR expires_at > ?)',
        vault,
        Date.now(),
      );
      view.close();
      const there = new Set(living.map(({ id }) => id));
      expect(ids.length).toBeGreaterThan(3);
      await findsAll(
        server,
        vault,
        ids.filter((id) => there.has(id)),
      );
    }
    server.child.kill('SIGTERM');
    expect(await server.exit).toBe(0);
    expect(auditIndex(path)).toMatchObject(SOUND);
  });

  it('goes on where the one before was killed', async () => {
    const random = new Random(seed + 2);
    const owners: Owners = { 'vault-0': { ana: 2_000, '': 70 }, 'vault-1': { ben: 300 } };
    const path = await adoptedDatabase(owners, random);
    const env = environmentOf(path);
    const view = new DatabaseView(path);
    for (const blocks of [5, 15, 25]) {
      const server = await startBuiltServer(env);
      await expect
        .poll(() => view.counts().term_blocks, { timeout: 120_000, interval: 1 })
        .toBeGreaterThan(blocks);
      server.child.kill('SIGKILL');
      await server.exit;
    }
    view.close();
    const server = await startBuiltServer(env);
    await expect.poll(() => isReady(server), { timeout: 180_000 }).toBe('up');
    server.child.kill('SIGTERM');
    await server.exit;
    expect(auditIndex(path)).toMatchObject(SOUND);
    expect(server.output()).not.toMatch(/vault-0|ana/);
  });
});
