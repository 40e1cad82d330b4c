import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { endBuiltServers, startBuiltServer } from './built-server.js';
import { newDatabase } from './harness/app.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { environmentOf } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('memories-batch.kill');
const CYCLES = Number(process.env.KILL_CYCLES ?? 6);
const ROWS = 800;
const CHUNK = 200;
const WRITERS = [
  { vault: 'one', user: 'ana' },
  { vault: 'one', user: 'ben' },
  { vault: 'two', user: 'ana' },
] as const;

afterAll(endBuiltServers);

/** A batch, and how many of its rows were acknowledged: undefined where no answer came. */
interface Sent {
  readonly name: string;
  acknowledged: number | undefined;
}

describe('the built server', () => {
  it(
    'has stored all of a batch or whole chunks of it, from its beginning, when it is killed',
    async () => {
      const random = new Random(seed);
      const path = newDatabase();
      const sent: Sent[] = [];
      const partial = new Set<string>();

      const acknowledged = () => sent.filter((batch) => batch.acknowledged !== undefined).length;

      /** Sends batch after batch until the server goes away. */
      async function write(url: string, vault: string, user: string): Promise<void> {
        for (;;) {
          const batch: Sent = { name: `${vault}-${user}-${sent.length}`, acknowledged: undefined };
          sent.push(batch);
          const rows = Array.from({ length: ROWS }, (_, i) => ({
            id: `${batch.name}/${i}`,
            content: `Row ${i}.`,
          }));
          try {
            const response = await fetch(`${url}/v1/memories/batch`, {
              method: 'POST',
              headers: { 'x-vault-id': vault, 'x-user-id': user, 'content-type': 'application/x-ndjson' },
              body: rows.map((row) => JSON.stringify(row)).join('\n'),
            });
            const { created } = (await response.json()) as { created: number };
            expect(response.status).toBe(200);
            batch.acknowledged = created;
          } catch (error) {
            if (error instanceof TypeError) return;
            throw error;
          }
        }
      }

      let server = await startBuiltServer(environmentOf(path));
      for (let cycle = 1; cycle <= CYCLES; cycle += 1) {
        const { url } = server;
        const writing = Promise.all(WRITERS.map(({ vault, user }) => write(url, vault, user)));
        const before = acknowledged();
        while (acknowledged() === before) await sleep(10);
        await sleep(random.below(500));
        server.child.kill('SIGKILL');
        await Promise.all([writing, server.exit]);

        server = await startBuiltServer(environmentOf(path));
        const view = new DatabaseView(path);
        expect(view.integrity()).toBe('ok');
        const stored = new Map<string, number[]>();
        const rows = view.all<{ id: string }>('SELECT id FROM memories ORDER BY vault_id, user_id, position');
        view.close();
        for (const { id } of rows) {
          const [name, number] = id.split('/');
          const numbers = stored.get(name);
          if (numbers) numbers.push(Number(number));
          else stored.set(name, [Number(number)]);
        }
        for (const { name, acknowledged: told } of sent) {
          const found = stored.get(name) ?? [];
          stored.delete(name);
          expect([name, found.length % CHUNK]).toEqual([name, 0]);
          expect(found).toEqual(found.map((_, i) => i));
          if (told !== undefined) expect([name, found.length, told]).toEqual([name, ROWS, ROWS]);
          else if (found.length > 0 && found.length < ROWS) partial.add(name);
        }
        expect([...stored.keys()]).toEqual([]);
        expect([cycle, auditIndex(path)]).toMatchObject([cycle, SOUND]);
      }
      console.log(`${CYCLES} kills, ${acknowledged()} batches acknowledged, ${partial.size} found in part`);
      expect(partial.size).toBeGreaterThan(0);
    },
    CYCLES * 60_000,
  );
});
