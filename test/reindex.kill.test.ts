import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { reindexDatabase } from '../src/upgrade/reindex-database.js';
import { runBuilt } from './harness/built.js';
import { writeFormerIndex } from './harness/former-index.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { configOf, copyOf, environmentOf } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { type Owners, adoptedDatabase, indexOf } from './harness/stored-memories.js';

const seed = randomSeed('reindex.kill');
const REINDEX_AND_DIE = 'test/harness/reindex-and-die';
const OWNERS: Owners = { acme: { ana: 700, '': 90 }, globex: { ana: 300, ben: 1 } };
const KILLS = Number(process.env.REINDEX_KILLS ?? 10);
const AT_ONCE = 2;

const die = (place: string, statement: string) =>
  runBuilt(REINDEX_AND_DIE, [statement], environmentOf(place));

describe('a rebuild that is killed', () => {
  it.each<[what: string, prepare: (path: string) => void]>([
    ['memories without an index', () => {}],
    ['an index of the former format', (path) => writeFormerIndex(path)],
    ['memories without, then with an index of the former format', (path) => writeFormerIndex(path, 200)],
  ])(
    'goes on when it is started again, and ends the same: %s',
    async (_, prepare) => {
      const random = new Random(seed);
      const path = await adoptedDatabase(OWNERS, new Random(seed));
      prepare(path);
      const whole = copyOf(path);
      const { stdout, stderr } = await die(whole, '0');
      const statements = Number(stdout);
      expect(statements, stderr).toBeGreaterThan(KILLS);
      const expected = indexOf(whole);
      expect(auditIndex(whole)).toMatchObject(SOUND);

      // How many it takes differs a little from run to run, with where it has to give others their turn.
      const reached = Math.floor(0.75 * statements);
      const numbers = Array.from({ length: KILLS }, () => 1 + random.below(reached));
      const worker = async () => {
        for (let n = numbers.pop(); n !== undefined; n = numbers.pop()) {
          const killed = copyOf(path);
          expect((await die(killed, String(n))).signal).toBe('SIGKILL');
          // Killed once more on its way, if there is as much left to do.
          await die(killed, String(1 + random.below(statements)));
          await reindexDatabase({ database: configOf(killed) });
          expect(indexOf(killed), `killed before statement ${n} of ${statements}`).toEqual(expected);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, worker));
    },
    KILLS * 60_000,
  );
});
