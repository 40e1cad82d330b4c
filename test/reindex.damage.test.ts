import 'reflect-metadata';
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { reindexDatabase } from '../src/upgrade/reindex-database.js';
import { type Answer, type Client, TestService } from './harness/app.js';
import { type DatabaseEditor, edit } from './harness/database-editor.js';
import { DatabaseView } from './harness/database-view.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { configOf } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { adoptedDatabase, tamper } from './harness/stored-memories.js';

const seed = randomSeed('reindex.damage');

/** What becomes of the bytes of a block. */
const SPOILT: Readonly<Record<string, (data: Buffer) => Buffer>> = {
  'cut off': (data) => data.subarray(0, Math.max(0, data.length - 4)),
  emptied: () => Buffer.alloc(0),
  'of noise': (data) => randomBytes(data.length),
  'of noise after its head': (data) => Buffer.concat([data.subarray(0, 8), randomBytes(data.length - 8)]),
  'with a word too many': (data) => Buffer.concat([data, Buffer.from('01000000', 'hex')]),
};

interface BlockRow {
  block_no: number;
  data: Buffer;
}

function spoil(editor: DatabaseEditor, change: (data: Buffer) => Buffer, where: string): void {
  const rows = editor.all<BlockRow>(`SELECT block_no, data FROM term_blocks WHERE ${where}`);
  for (const { block_no, data } of rows) {
    // Spoilt before, perhaps, to nothing.
    if (data.length < 8) continue;
    editor.run('UPDATE term_blocks SET data = ? WHERE block_no = ?', change(data), block_no);
  }
}

/** Gives blocks other numbers, `+ 7` or `100000`; those that have them are gone. */
function renumber(editor: DatabaseEditor, to: string, where: string): void {
  for (const { block_no } of editor.all<BlockRow>(`SELECT block_no FROM term_blocks WHERE ${where}`)) {
    const number = to.startsWith('+') ? block_no + Number(to.slice(1)) : Number(to);
    if (number === block_no) continue;
    editor.run('DELETE FROM term_blocks WHERE block_no = ?', number);
    editor.run('UPDATE term_blocks SET block_no = ? WHERE block_no = ?', number, block_no);
  }
}

describe('damage', () => {
  const ROUNDS = Number(process.env.REINDEX_ROUNDS ?? 30);
  const DAMAGES: readonly string[] = [
    ...Object.keys(SPOILT).map((what) => `data ${what}`),
    'UPDATE term_blocks SET slots = slots + 1 WHERE',
    'UPDATE term_blocks SET slots = 0 WHERE',
    'UPDATE term_blocks SET slots = 5000 WHERE',
    'UPDATE term_blocks SET first_position = first_position + 3 WHERE',
    'UPDATE term_blocks SET first_position = first_position - 3 WHERE',
    'UPDATE term_blocks SET first_position = 100000 WHERE',
    'UPDATE term_blocks SET first_position = 1 WHERE',
    'block_no + 7',
    'block_no 100000',
    'DELETE FROM term_blocks WHERE',
    'DELETE FROM memories WHERE position % 7 = 0 AND 0 <>',
    'UPDATE scopes SET memory_count = 0, term_count = -5 WHERE 0 <>',
    'UPDATE scopes SET next_position = next_position - 10 WHERE 0 <>',
    'UPDATE scopes SET next_position = 0 WHERE 0 <>',
    'UPDATE scopes SET next_position = next_position + 100 WHERE 0 <>',
    'DELETE FROM scopes WHERE 0 <>',
  ];

  function damage(path: string, kinds: readonly string[], random: Random): string[] {
    const done = kinds.map((kind) => `${kind} (block_no / 64) % 4 = ${random.below(4)}`);
    edit(path, (editor) => {
      for (const [i, kind] of kinds.entries()) {
        const where = done[i].slice(kind.length);
        if (kind.startsWith('data ')) spoil(editor, SPOILT[kind.slice(5)], where);
        else if (kind.startsWith('block_no ')) renumber(editor, kind.slice(9), where);
        // Of the tables without that column, the whole.
        else editor.run(done[i].replace(/0 <> .*/, '1 = 1'));
      }
      editor.run('UPDATE scopes SET index_version = 0');
    });
    return done;
  }

  it.each(DAMAGES)('is found and repaired from the memories: %s', async (kind) => {
    const random = new Random(seed);
    const path = await adoptedDatabase({ acme: { ana: 150 + random.below(150) } }, random);
    await reindexDatabase({ database: configOf(path) });
    const done = damage(path, [kind], random);
    await reindexDatabase({ database: configOf(path) });
    expect([done, auditIndex(path)]).toMatchObject([done, SOUND]);
  });

  it(
    'of several kinds is repaired, even where one hides the other, by looking everywhere',
    async () => {
      const random = new Random(seed);
      for (let round = 0; round < ROUNDS; round += 1) {
        const path = await adoptedDatabase({ acme: { ana: 150 + random.below(150) } }, random);
        await reindexDatabase({ database: configOf(path) });
        const kinds = Array.from({ length: 2 + random.below(3) }, () => random.pick(DAMAGES));
        const done = damage(path, kinds, random);
        await reindexDatabase({ database: configOf(path), all: true }).catch((error: unknown) =>
          expect([done, error]).toEqual([]),
        );
        expect([round, done, auditIndex(path)]).toMatchObject([round, done, SOUND]);
      }
    },
    ROUNDS * 5_000,
  );

  it.each<[what: string, change: (data: Buffer) => Buffer]>([
    ['emptied', SPOILT.emptied],
    ['two bytes', () => Buffer.from('0240', 'hex')],
    ['cut off', SPOILT['cut off']],
    ['of noise after its head', SPOILT['of noise after its head']],
    ['with a word too many', SPOILT['with a word too many']],
    ['fewer slots', (data) => data],
  ])('keeps no request from its answer, and is repaired by itself: %s', async (what, change) => {
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
    await reindexDatabase({ database: configOf(path) });
    const service = await TestService.start({}, path);
    const view = new DatabaseView(path);
    for (const [i, [block, send, status]] of requests.entries()) {
      const [{ id }] = view.all<{ id: string }>(
        `SELECT id FROM memories WHERE user_id = ? AND expires_at IS NULL ORDER BY position ${block} LIMIT 1`,
        `u${i}`,
      );
      const [{ block_no, data, slots }] = view.all<BlockRow & { slots: number }>(
        `SELECT * FROM term_blocks WHERE user_id = ? ORDER BY block_no ${block} LIMIT 1`,
        `u${i}`,
      );
      await tamper(
        path,
        'UPDATE term_blocks SET data = ?, slots = ? WHERE user_id = ? AND block_no = ?',
        ...[change(data), what === 'fewer slots' ? slots - 1 : slots, `u${i}`, block_no],
      );
      const answer = await send(service.as('acme', `u${i}`), id);
      expect([i, answer.status]).toEqual([i, status]);
      // What is not damaged is found meanwhile.
      if (status === 200 && answer.body.results) expect(answer.body.results.length).toBeGreaterThan(10);
    }
    view.close();
    const sound = () => JSON.stringify({ ...auditIndex(path), memories: undefined });
    await expect.poll(sound, { timeout: 120_000 }).toBe(JSON.stringify(SOUND));
    await service.stop();
  });
});
