import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from 'pg';
import { copyOut } from '../../src/upgrade/postgres/openmemory/copy-out.js';
import { TEST_DATABASE_URL, connectTo } from '../harness/postgres/scratch-server.js';

describe.skipIf(!TEST_DATABASE_URL)('rows by COPY', () => {
  let client: Client;
  beforeAll(async () => {
    client = await connectTo(new URL(TEST_DATABASE_URL).pathname.slice(1));
  });
  afterAll(() => client.end());

  const rowsOf = async (select: string) => {
    const rows: (string | null)[][] = [];
    const count = await copyOut(client, select, (values) => {
      rows.push(values.map((bytes) => bytes && Buffer.from(bytes).toString('hex')));
    });
    expect(count).toBe(rows.length);
    return rows;
  };

  it('come whole, in order, with NULL and empty values', async () => {
    expect(await rowsOf(`VALUES (1, 'a', NULL::bytea), (2, '', ''::bytea)`)).toEqual([
      ['00000001', '61', null],
      ['00000002', '', ''],
    ]);
    expect(await rowsOf('SELECT 1 WHERE false')).toEqual([]);
    expect(await rowsOf('SELECT FROM generate_series(1, 3)')).toEqual([[], [], []]);
  });

  it('come whole where they are larger than what is read at once, among small ones', async () => {
    const rows = await rowsOf(
      `SELECT i, repeat(chr(97 + i % 26), CASE i % 3 WHEN 0 THEN 300000 ELSE i END) FROM generate_series(0, 60) i`,
    );
    expect(rows).toHaveLength(61);
    for (const [i, [number, text]] of rows.entries()) {
      expect(parseInt(number!, 16)).toBe(i);
      const letter = String.fromCharCode(97 + (i % 26));
      expect(Buffer.from(text!, 'hex').toString()).toBe(letter.repeat(i % 3 === 0 ? 300_000 : i));
    }
  });

  it('fail as a whole where the server fails in the midst of them', async () => {
    await expect(rowsOf('SELECT 100 / (500 - i) FROM generate_series(1, 1000) i')).rejects.toMatchObject({
      code: '22012',
    });
    expect(await rowsOf('SELECT 7')).toEqual([['00000007']]);
  });

  it('fail as a whole where one cannot be dealt with', async () => {
    let seen = 0;
    const copied = copyOut(client, 'SELECT i FROM generate_series(1, 100000) i', () => {
      seen += 1;
      if (seen === 3) throw new Error('no room');
    });
    await expect(copied).rejects.toThrow('no room');
    expect(seen).toBe(3);
    expect(await rowsOf('SELECT 7')).toEqual([['00000007']]);
  });

  it('fail where the connection is cut', async () => {
    const other = await connectTo(new URL(TEST_DATABASE_URL).pathname.slice(1));
    const copied = copyOut(other, 'SELECT i, pg_sleep(0.01) FROM generate_series(1, 1000) i', () => {
      other.connection.stream.destroy();
    });
    await expect(copied).rejects.toThrow('Connection terminated');
  });
});
