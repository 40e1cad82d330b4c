import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runBuilt } from './harness/built.js';
import { recordFigure } from './harness/figures.js';
import { endedBy, holding } from './harness/holding.js';
import { adopt, adoptHere, expectSameRows } from './harness/metamorph/adoption.js';
import { makeMetamorph, type MetamorphFile } from './harness/metamorph/file.js';
import { copyInto } from './harness/openmemory/samples.js';
import { type Snapshot, comparable, takeSnapshot } from './harness/openmemory/snapshot.js';
import { sha256 } from './harness/openmemory/upgrade.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';

const PRESET = ['--preset', 'metamorph', '--no-backup'];
const KILLS = 4;
const RUNNERS = 4;

/** Schema and rows, but for the time at which it was done. */
function stateOf(path: string): unknown {
  const { schema, tables } = takeSnapshot(path);
  const records = (tables.get('schema_migrations') ?? []).map(({ id, checksum }) => ({ id, checksum }));
  return comparable({ schema, tables: new Map([...tables, ['schema_migrations', records]]) });
}

function make(file: MetamorphFile): { folder: string; original: string; before: Snapshot } {
  const folder = tempFolder();
  const original = join(folder, 'original.sqlite');
  makeMetamorph(original, file);
  return { folder, original, before: takeSnapshot(original) };
}

/** The file as a whole run leaves it, and its state. */
async function wholeRun(folder: string, original: string): Promise<unknown> {
  const whole = copyInto(folder, original, 'whole.sqlite');
  await adoptHere(whole);
  return stateOf(whole);
}

describe('kill -9 before every statement, and run again', () => {
  for (const wal of [false, true]) {
    it(`leaves the old database or the new one: ${wal ? 'WAL mode' : 'a rollback journal'}`, async () => {
      const { folder, original, before } = make({ rows: 3, wal });
      const whole = copyInto(folder, original, 'run.sqlite');
      const left = join(folder, 'left');
      mkdirSync(left);
      const { stdout, stderr } = await runBuilt('test/harness/metamorph/adopt-and-copy', [
        whole,
        left,
        ...PRESET,
      ]);
      const states = JSON.parse(/^states: (.*)/m.exec(stdout)?.[1] ?? '[]') as {
        name: string;
        statements: number;
      }[];
      const statements = states.reduce((sum, state) => sum + state.statements, 0);
      expect(statements, stderr).toBeGreaterThan(80);
      // Before it, in the midst of it, and after its commit, at least.
      expect(states.length).toBeGreaterThan(1);
      const old = comparable(before);
      const done = stateOf(whole);
      for (const { name } of states) {
        const path = join(left, name);
        const found = stateOf(copyInto(left, path, `look-${name}`));
        expect([done, { ...old, tables: { ...old.tables, schema_migrations: [] } }]).toContainEqual(found);
        await adoptHere(path);
        expect(stateOf(path), `what is left: ${name}`).toEqual(done);
        expectSameRows(before, path);
      }
      recordFigure('adopt.kills', statements);
    });
  }

  it('really', async () => {
    const { folder, original } = make({ rows: 3 });
    const expected = await wholeRun(folder, original);
    const counted = copyInto(folder, original, 'counted.sqlite');
    const arguments_ = (path: string) => ['--database', path, ...PRESET];
    const { stdout } = await runBuilt('test/harness/metamorph/adopt-and-die', ['0', ...arguments_(counted)]);
    const statements = Number(/statements: (\d+)/.exec(stdout)![1]);
    const random = new Random(randomSeed('kills'));
    for (let i = 0; i < KILLS; i += 1) {
      const n = 1 + random.below(statements);
      const path = copyInto(folder, original, `killed-${i}.sqlite`);
      const { signal } = await runBuilt('test/harness/metamorph/adopt-and-die', [
        String(n),
        ...arguments_(path),
      ]);
      expect(signal, `statement ${n} of ${statements}`).toBe('SIGKILL');
      await adoptHere(path);
      expect(stateOf(path), `killed before statement ${n}`).toEqual(expected);
    }
  });
});

describe('several at once', () => {
  it('runners: one does it, one backup is made, all end well', async () => {
    const { folder, original } = make({ rows: 3 });
    const expected = await wholeRun(folder, original);
    const path = copyInto(folder, original, 'shared.sqlite');
    const runs = await Promise.all(
      Array.from({ length: RUNNERS }, () => adopt(path, '--preset', 'metamorph')),
    );
    expect(runs.map(({ status, stderr }) => ({ status, stderr }))).toEqual(
      Array(RUNNERS).fill({ status: 0, stderr: '' }),
    );
    expect(runs.filter(({ stdout }) => stdout.includes('Successfully applied: 001'))).toHaveLength(1);
    expect(runs.filter(({ stdout }) => stdout.includes('Found 0 pending'))).toHaveLength(RUNNERS - 1);
    expect(readdirSync(folder).filter((name) => name.includes('.backup-'))).toHaveLength(1);
    expect(stateOf(path)).toEqual(expected);
  });

  it('a program that keeps writing: nothing is changed, and it is named', async () => {
    const { original } = make({ rows: 3 });
    const writer = await holding('test/harness/hold-open', [original, 'BEGIN IMMEDIATE']);
    const before = sha256(original);
    const { status, stderr } = await adopt(original, ...PRESET);
    await endedBy(writer, 'SIGKILL');
    expect(status).toBe(2);
    expect(stderr).toMatch(/is in use by .*Stop it first\.$/m);
    expect(sha256(original)).toBe(before);
    expect((await adopt(original, ...PRESET)).status).toBe(0);
  });
});
