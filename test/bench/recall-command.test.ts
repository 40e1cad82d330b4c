import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-recall-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Runs what `npm run bench:recall` runs once it has built. */
async function run(...args: string[]): Promise<{ status: number; output: string; errors: string }> {
  const child = spawn(process.execPath, ['dist/test/bench/recall-main.js', ...args], {
    env: { PATH: process.env.PATH, TMPDIR: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  child.stderr.on('data', (chunk) => (errors += chunk));
  const [status] = (await once(child, 'close')) as [number];
  return { status, output, errors };
}

function dataset(): string {
  const file = join(folder, 'data.json');
  const turn = (n: number, speaker: string, text: string) => ({ dia_id: `D1:${n}`, speaker, text });
  const conversation = {
    session_1_date_time: '9:00 am on 1 March, 2024',
    session_1: [
      turn(1, 'Ana', 'The ferry to the island leaves at noon.'),
      turn(2, 'Ben', 'My sister paints lighthouses.'),
      turn(3, 'Ana', 'I left the umbrella in the bakery.'),
    ],
  };
  const qa = [
    { question: 'Who paints lighthouses?', category: 4, evidence: ['D1:2'] },
    { question: 'What about the zeppelin?', category: 1, evidence: ['D1:1'] },
    { question: 'What has no evidence?', category: 1, evidence: ['D7:7'] },
  ];
  // Twice the same: a user must not find the other's, nor may equal turns become one.
  const items = ['c1', 'c2'].map((sample_id) => ({ sample_id, conversation, qa }));
  writeFileSync(file, JSON.stringify(items));
  return file;
}

it('stores and asks, and prints what was found', async () => {
  const { status, output, errors } = await run('--dataset', dataset());
  expect(errors).toBe('');
  expect(output.replace(/ +/g, ' ')).toContain(
    ['multi-hop 2 0.0 0.0 0.0 0.0', 'single-hop 2 100.0 100.0 100.0 100.0', 'all 4 50.0 50.0 50.0 50.0'].join(
      '\n',
    ),
  );
  expect(output).toContain('Adds answered: 6; of these not stored, or not whole: 0');
  expect(status).toBe(0);
});

it('says what is wrong with the data set', async () => {
  expect(await run()).toMatchObject({ status: 2, errors: expect.stringContaining('--dataset FILE') });
  expect(await run('--dataset', join(folder, 'absent'))).toMatchObject({
    status: 2,
    errors: expect.stringContaining('cannot be read: ENOENT'),
  });
});
