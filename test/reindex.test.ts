import 'reflect-metadata';
import { describe, expect, it } from 'vitest';
import { TOKENISER_VERSION } from '../src/recall/terms.js';
import { reindexDatabase } from '../src/upgrade/reindex-database.js';
import { TestService } from './harness/app.js';
import { edit } from './harness/database-editor.js';
import { DatabaseView } from './harness/database-view.js';
import { writeFormerIndex } from './harness/former-index.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { configOf } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { type Owners, adoptedDatabase, indexOf, tamper } from './harness/stored-memories.js';

const seed = randomSeed('reindex');

const adopted = (owners: Owners) => adoptedDatabase(owners, new Random(seed));

function digestOf(path: string): string {
  const view = new DatabaseView(path);
  const digest = view.digest();
  view.close();
  return digest;
}

const TWO_VAULTS: Owners = { acme: { ana: 300, '': 70 }, globex: { ben: 129, cem: 1 } };
const IN_ALL = { memories: 500, vaults: 2 };

describe('a rebuild', () => {
  it('fills the index of memories that have none', async () => {
    const path = await adopted(TWO_VAULTS);
    expect(await reindexDatabase({ database: configOf(path) })).toEqual(IN_ALL);
    expect(auditIndex(path)).toMatchObject({ memories: 500, ...SOUND });
  });

  it.each<[what: string, from: number]>([
    ['of the former format', 0],
    ['of the former format, with memories before it that have none', 100],
  ])('makes an index %s anew', async (_, from) => {
    const path = await adopted(TWO_VAULTS);
    writeFormerIndex(path, from);
    expect(await reindexDatabase({ database: configOf(path) })).toEqual(IN_ALL);
    expect(auditIndex(path)).toMatchObject({ memories: 500, ...SOUND });
  });

  it('makes what an older tokeniser left anew, and nothing else', async () => {
    const path = await adopted(TWO_VAULTS);
    await reindexDatabase({ database: configOf(path) });
    const expected = indexOf(path);
    edit(path, (editor) => {
      const where = `WHERE user_id = 'ana' AND block_no`;
      const blocks = editor.all<{ block_no: number; data: Buffer }>(
        `SELECT * FROM term_blocks ${where} < 100`,
      );
      for (const { block_no, data } of blocks) {
        // The version is the 16-bit number at byte 2; the last word of a block is a term, or a tombstone.
        data.writeUInt16LE(0, 2);
        data.writeUInt32LE(1, data.length - 4);
        editor.run(`UPDATE term_blocks SET data = ? ${where} = ?`, data, block_no);
      }
    });
    await tamper(path, `UPDATE scopes SET index_version = ${TOKENISER_VERSION - 1} WHERE user_id = 'ana'`);
    expect(indexOf(path)).not.toEqual(expected);
    const { memories, vaults } = await reindexDatabase({ database: configOf(path) });
    expect(vaults).toBe(1);
    expect(memories).toBeGreaterThan(64);
    expect(memories).toBeLessThanOrEqual(128);
    expect(indexOf(path)).toEqual(expected);
  });

  it('changes nothing the second time', async () => {
    const path = await adopted(TWO_VAULTS);
    await reindexDatabase({ database: configOf(path) });
    const digest = digestOf(path);
    const index = indexOf(path);
    expect(await reindexDatabase({ database: configOf(path) })).toEqual({ memories: 0, vaults: 0 });
    expect(digestOf(path)).toBe(digest);
    expect(await reindexDatabase({ database: configOf(path), all: true })).toEqual(IN_ALL);
    expect(indexOf(path)).toEqual(index);
  });

  it('leaves, byte for byte, what storing the memories one by one leaves', async () => {
    const service = await TestService.start();
    const client = service.as('acme', 'ana');
    const store = async (content: string, i: number) =>
      expect((await client.post('/v1/memories', { content, session_id: `s${i % 3}` })).status).toBe(201);
    for (let i = 0; i < 150; i += 1) await store(`Owl number ${i}.`, i);
    const path = service.databasePath;
    let expected = indexOf(path);
    for (const damage of ['DELETE FROM term_blocks', 'UPDATE term_blocks SET data = ?']) {
      const values = damage.includes('?') ? [Buffer.alloc(1)] : [];
      await tamper(path, `${damage} WHERE first_position >= 64`, ...values);
      await tamper(path, 'UPDATE scopes SET index_version = 0');
      await reindexDatabase({ database: configOf(path) });
      expect(indexOf(path)).toEqual(expected);
    }
    // One that gets a block to itself, so that borders are no multiples of 64 from here on.
    await store(Array.from({ length: 2_500 }, (_, n) => `x${n}`).join(' '), 150);
    for (let i = 151; i < 300; i += 1) await store(`Owl number ${i}.`, i);
    await service.stop();
    expected = indexOf(path);
    expect(await reindexDatabase({ database: configOf(path), all: true })).toEqual({
      memories: 300,
      vaults: 1,
    });
    expect(indexOf(path)).toEqual(expected);
  });

  it('finds rows that came and went behind the back of the index', async () => {
    const path = await adopted({ acme: { ana: 200, ben: 100 }, globex: { cem: 10, dee: 10 } });
    await reindexDatabase({ database: configOf(path) });
    await tamper(path, `DELETE FROM memories WHERE user_id = 'ana' AND position % 3 = 0`);
    // Another owner's memories: at the end, and of someone who has no index at all.
    await tamper(
      path,
      `UPDATE memories SET user_id = 'ben', position = position + 1000 WHERE user_id = 'ana' AND position > 150`,
    );
    await tamper(path, `UPDATE memories SET user_id = 'eve' WHERE user_id = 'dee'`);
    await tamper(path, `DELETE FROM scopes WHERE user_id = 'dee'`);
    expect(auditIndex(path)).not.toMatchObject(SOUND);
    await reindexDatabase({ database: configOf(path) });
    expect(auditIndex(path)).toMatchObject(SOUND);
  });

  it('finds what does not even show in numbers when told to look everywhere', async () => {
    const path = await adopted(TWO_VAULTS);
    await reindexDatabase({ database: configOf(path) });
    await tamper(
      path,
      `UPDATE memories SET content = 'Something else.' WHERE user_id = 'ben' AND position < 50`,
    );
    expect(await reindexDatabase({ database: configOf(path) })).toEqual({ memories: 0, vaults: 0 });
    expect(auditIndex(path)).not.toMatchObject(SOUND);
    expect(await reindexDatabase({ database: configOf(path), all: true })).toEqual(IN_ALL);
    expect(auditIndex(path)).toMatchObject(SOUND);
  });

  it('of one vault touches no other', async () => {
    const path = await adopted(TWO_VAULTS);
    writeFormerIndex(path);
    const before = indexOf(path, 'globex');
    expect(await reindexDatabase({ database: configOf(path), vaultId: 'acme' })).toEqual({
      memories: 370,
      vaults: 1,
    });
    expect(indexOf(path, 'globex')).toEqual(before);
    const done = indexOf(path, 'acme');
    expect(await reindexDatabase({ database: configOf(path) })).toEqual({ memories: 130, vaults: 1 });
    expect(indexOf(path, 'acme')).toEqual(done);
    expect(auditIndex(path)).toMatchObject(SOUND);
  });

  it('is done for 10,000 memories, and tells how far it is', async () => {
    const path = await adopted({ acme: { ana: 10_000 } });
    const seen: number[] = [];
    let last = 0;
    const progress = (done: number, total: number) => {
      seen.push(done);
      last = total;
    };
    expect(await reindexDatabase({ database: configOf(path), progress })).toEqual({
      memories: 10_000,
      vaults: 1,
    });
    expect(seen.length).toBeGreaterThan(10);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(last);
    expect(auditIndex(path)).toMatchObject({ memories: 10_000, ...SOUND });
  });
});
