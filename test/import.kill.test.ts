import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBuilt } from './harness/built.js';
import { importHere, undoHere } from './harness/import/import-here.js';
import { importedState } from './harness/import/imported-state.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { copyOf, environmentOf, migratedDatabase } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';

const seed = randomSeed('import.kill');
const KILLS = Number(process.env.IMPORT_KILLS ?? 8);

/** Rows of every kind, more than one transaction takes. */
function writeExport(random: Random): string {
  const rows = Array.from({ length: 700 }, (_, i) => {
    const at = 1_600_000_000_000 + i * 1000;
    if (i % 50 === 0) return { user_id: `w${i}`, summary: `Summary ${i}` };
    if (i % 51 === 0) return { subject: `s${i}`, predicate: 'is', object: 'o', valid_from: at };
    if (i % 52 === 0) return { nothing: i };
    return {
      ...{
        id: `m${random.below(650)}`,
        content: `Memory ${random.below(40)}`,
        user_id: `u${random.below(4)}`,
      },
      ...{ session_id: `s${random.below(9)}`, created_at: at, metadata: { i } },
    };
  });
  const path = join(tempFolder(), 'export.jsonl');
  writeFileSync(path, rows.map((row) => JSON.stringify(row)).join('\n'));
  return path;
}

const die = (place: string, statement: number, from: string, what: string) =>
  runBuilt('test/harness/import/import-and-die', [String(statement), from, what], environmentOf(place));

describe('an import that is killed', () => {
  it(
    'goes on when it is run again, and ends like a clean one; and so does its undoing',
    async () => {
      const random = new Random(seed);
      const path = writeExport(random);
      const place = await migratedDatabase();
      const whole = copyOf(place);
      const { stdout, stderr } = await die(whole, 0, 'jsonl', path);
      const statements = Number(stdout);
      expect(statements, stderr).toBeGreaterThan(100);
      const expected = importedState(whole);
      expect(expected.memories.length).toBeGreaterThan(300);
      expect(auditIndex(whole)).toMatchObject(SOUND);
      const { importId } = await importHere(whole, 'jsonl', path, { rowsAtOnce: 100 });
      expect(importedState(whole)).toEqual(expected);

      for (let kill = 0; kill < KILLS; kill += 1) {
        const n = 1 + random.below(Math.floor(0.95 * statements));
        const killed = copyOf(place);
        expect((await die(killed, n, 'jsonl', path)).signal).toBe('SIGKILL');
        const again = copyOf(killed);
        await die(again, 1 + random.below(statements), 'jsonl', path);
        await importHere(again, 'jsonl', path, { rowsAtOnce: 100 });
        expect(importedState(again), `killed before statement ${n} of ${statements}`).toEqual(expected);
        expect(auditIndex(again)).toMatchObject(SOUND);

        await die(again, 1 + random.below(statements), 'undo', importId);
        await undoHere(again, importId);
        const left = importedState(again);
        for (const table of ['memories', 'legacy_rows', 'imports', 'users', 'facts', 'waypoints']) {
          expect([table, left[table]]).toEqual([table, []]);
        }
      }
    },
    KILLS * 60_000,
  );
});
