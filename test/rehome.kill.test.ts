import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { runBuilt } from './harness/built.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { copyOf, environmentOf } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import { makeHomes, memoryRow, tagOf, waypointRow } from './harness/rehome/homes.js';
import { rehomeHere } from './harness/rehome/rehome-here.js';
import { type Rows, rowsByVault, tornIn } from './harness/rehome/whole.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('rehome.kill');
const KILLS = Number(process.env.REHOME_KILLS ?? 12);
const MAP = { dan: 'team', eve: 'team' };

const die = (place: string, statement: number) =>
  runBuilt(
    'test/harness/rehome/rehome-and-die',
    [String(statement), JSON.stringify(MAP)],
    environmentOf(place),
  );

/** Without the times at which vaults were made, and how often an index was changed. */
function settled(rows: Rows): Rows {
  const { vaults, scopes, ...others } = rows;
  const without = (pattern: RegExp, by: Rows[string]) =>
    Object.fromEntries(
      Object.entries(by).map(([vault, some]) => [vault, some.map((row) => row.replace(pattern, ''))]),
    );
  return {
    ...others,
    vaults: without(/\["(created|updated)_at",\d+\],?/g, vaults),
    scopes: without(/\["revision",\d+\]/, scopes),
  };
}

describe('a re-homing that is killed', () => {
  it(
    'goes on when it is run again, and ends like a clean one',
    async () => {
      const random = new Random(seed);
      const people = ['alice', 'bob', 'carol', 'dan', 'eve', ''].map((id) => ({ id, memories: 10 }));
      const place = await makeHomes({ home: people, beside: people }, random, (editor) => {
        // Some of which stays.
        const share = { session_id: 'standup' };
        editor.insert('memories', memoryRow('home', 'alice', 12, share), memoryRow('home', 'bob', 12, share));
        editor.insert('waypoints', waypointRow('home', 'dan', `${tagOf('dan')}-1`, `${tagOf('eve')}-2`));
        editor.run(
          "UPDATE scopes SET next_position = 13 WHERE vault_id = 'home' AND user_id IN ('alice', 'bob')",
        );
      });
      const whole = copyOf(place);
      const { stdout, stderr } = await die(whole, 0);
      const statements = Number(stdout);
      expect(statements, stderr).toBeGreaterThan(100);
      const expected = settled(rowsByVault(whole));
      expect(Object.keys(expected.memories).sort()).toEqual(
        ['beside', 'home', 'team', 'user-alice', 'user-bob', 'user-carol'].sort(),
      );
      expect(auditIndex(whole)).toMatchObject(SOUND);

      const last = new Set<number>();
      for (let kill = 0; kill < KILLS; kill += 1) {
        // Spread over all of it, so that every batch is hit.
        const share = Math.floor(statements / KILLS);
        const n = 1 + kill * share + random.below(share);
        last.add(n);
        const killed = copyOf(place);
        expect((await die(killed, n)).signal, `before statement ${n}`).toBe('SIGKILL');
        expect(tornIn(killed)).toEqual([]);
        const again = copyOf(killed);
        if (kill % 3 === 0) await die(again, 1 + random.below(statements));
        await rehomeHere(again, { map: MAP });
        expect(settled(rowsByVault(again)), `killed before statement ${n} of ${statements}`).toEqual(
          expected,
        );
        expect(tornIn(again)).toEqual([]);
        expect(auditIndex(again)).toMatchObject(SOUND);
      }
    },
    KILLS * 60_000,
  );
});
