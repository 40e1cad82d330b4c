import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiError } from '../src/http/api-error.js';
import { JsonRows, type RowLimits } from '../src/http/json-rows.js';
import { ArrivalOrder } from '../src/memories/memory-batch-order.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('memories-batch-rows');
const LIMITS: RowLimits = { rows: 1_000, bytes: 10_000 };

type Form = 'ofArray' | 'ofLines';

/** The rows, each parsed or the code of its refusal; or the code of the refusal of all. */
async function read(form: Form, body: Buffer | string, limits = LIMITS): Promise<unknown[] | string> {
  try {
    const rows = await JsonRows[form](Buffer.from(body as string), limits);
    return Array.from({ length: rows.length }, (_, index) => {
      try {
        return rows.parse(index);
      } catch (error) {
        return codeOf(error);
      }
    });
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  expect(error).toBeInstanceOf(ApiError);
  return (error as ApiError).code;
}

/** What is JSON and refused nevertheless. */
const UNSAFE = /__proto__|prototype|\d{16}|e[+]?\d{3}/i;

/** JSON of any kind, with white space where it may stand. */
const spaced = fc
  .tuple(
    fc.array(fc.json({ maxDepth: 4 })),
    fc.array(fc.constantFrom('', ' ', '\n', '\t\r\n'), { minLength: 1 }),
  )
  .map(([texts, spaces]) => {
    const at = (i: number) => spaces[i % spaces.length];
    return {
      texts,
      array: `${at(0)}[${texts.map((text, i) => at(i) + text + at(i + 1)).join(',')}${at(2)}]${at(3)}`,
    };
  })
  .filter(({ array }) => !UNSAFE.test(array));

describe('the rows of an array', () => {
  it('are those that JSON.parse gives', async () => {
    const property = fc.asyncProperty(spaced, async ({ array }) => {
      expect(await read('ofArray', array)).toEqual(JSON.parse(array));
    });
    await fc.assert(property, { seed, numRuns: 1_000 });
  });

  it('are none where JSON.parse would refuse the whole', async () => {
    const token = fc.constantFrom(...'{}[],:"\\ 1a\n'.split(''), '"a":', 'true', '\\"', '[{"a":1},', ']');
    const wild = fc.oneof(
      fc.array(token, { maxLength: 16 }).map((all) => `[${all.join('')}`),
      fc
        .tuple(spaced, fc.nat(), token)
        .map(
          ([{ array }, at, junk]) =>
            array.slice(0, at % array.length) + junk + array.slice((at % array.length) + 1),
        ),
      fc.tuple(spaced, fc.nat()).map(([{ array }, at]) => array.slice(0, at % array.length)),
    );
    let good = 0;
    const property = fc.asyncProperty(wild, async (text) => {
      fc.pre(!UNSAFE.test(text));
      const expected = parsed(text);
      const isArray = Array.isArray(expected);
      good += isArray ? 1 : 0;
      const found = await read('ofArray', text);
      if (isArray) expect(found).toEqual(expected);
      else expect(found).toBeOneOf(['INVALID_JSON', 'VALIDATION_FAILED']);
    });
    await fc.assert(property, { seed, numRuns: 5_000 });
    expect(good).toBeGreaterThan(20);
  });

  it.each<[string, string | Buffer, unknown]>([
    ['empty', '[]', []],
    ['with a byte order mark', '\ufeff[1]', [1]],
    ['with a byte order mark inside', '[\ufeff1]', 'INVALID_JSON'],
    ['another value', '{"content":"x"}', 'VALIDATION_FAILED'],
    ['nothing', '', 'VALIDATION_FAILED'],
    ['unclosed', '[{"a":1}', 'INVALID_JSON'],
    ['closed twice', '[{"a":1}]]', 'INVALID_JSON'],
    ['two', '[1][2]', 'INVALID_JSON'],
    ['with a comma too many', '[1,]', 'INVALID_JSON'],
    ['with nothing between commas', '[1,,2]', 'INVALID_JSON'],
    ['not UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]), 'INVALID_JSON'],
    ['with a surrogate in UTF-8', Buffer.from([0x5b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x5d]), 'INVALID_JSON'],
    ['with brackets that do not match', '[{"a":[1}]]', 'INVALID_JSON'],
    ['with brackets in strings', '["]","\\"]","\\\\"]', [']', '"]', '\\']],
    [
      'with rows that do not survive',
      '[12345678901234567890,{"__proto__":1},1e999,2]',
      [...new Array(3).fill('VALIDATION_FAILED'), 2],
    ],
    ['with a row too deep', `[1,${'['.repeat(33)}${']'.repeat(33)},2]`, [1, 'INVALID_JSON', 2]],
    ['with a row of the last depth', `[${'['.repeat(32)}${']'.repeat(32)}]`, [nested(32)]],
    ['with a row too large', `[1,"${'x'.repeat(10_000)}",2]`, [1, 'PAYLOAD_TOO_LARGE', 2]],
    ['of too many rows', `[${'0,'.repeat(1_000)}0]`, 'TOO_MANY_ROWS'],
    ['of as many rows as there may be', `[${'0,'.repeat(999)}0]`, new Array(1_000).fill(0)],
  ])('%s', async (_, body, expected) => {
    expect(await read('ofArray', body)).toEqual(expected);
  });

  it('take time and stack in proportion to the body, whatever is in it', async () => {
    const size = 4_000_000;
    const limits = { rows: 10_000_000, bytes: 10_000_000 };
    const texts: [text: string, expected: string | number][] = [
      ['['.repeat(size), 'INVALID_JSON'],
      [`[${'['.repeat(size)}${']'.repeat(size)}]`, 1],
      [`[${'{"a":'.repeat(size / 5)}1${'}'.repeat(size / 5)}]`, 1],
      [`["${'\\'.repeat(size)}`, 'INVALID_JSON'],
      [`["${'\\"'.repeat(size / 2)}"]`, 1],
      [`[${'"",'.repeat(size / 3)}""]`, 1 + Math.floor(size / 3)],
      [`[${' '.repeat(size)}]`, 0],
      [`[1${' '.repeat(size)}]${' '.repeat(size)}`, 1],
    ];
    for (const [text, expected] of texts) {
      const found = await JsonRows.ofArray(Buffer.from(text), limits).catch(codeOf);
      expect(typeof found === 'string' ? found : found.length).toBe(expected);
    }
  });
});

describe('the rows of lines', () => {
  it('are those that JSON.parse gives, line by line, blank ones left out', async () => {
    const line = fc.oneof(
      spaced.map(({ texts }) => texts[0] ?? '1'),
      fc.constantFrom('', ' ', '\t\r', '{', 'nul', '{"a":1} 2', '\ufeff1'),
    );
    const property = fc.asyncProperty(
      fc.array(line),
      fc.constantFrom('\n', '\r\n'),
      fc.boolean(),
      async (lines, end, ends) => {
        const expected = lines
          .filter((text) => !/^[ \t\r\n]*$/.test(text))
          // A byte order mark may stand before each: files with one are put together in one.
          .map(
            (text) => parsed(text.replace(/^\ufeff/, '')) ?? (text.trim() === 'null' ? null : 'INVALID_JSON'),
          );
        const body = lines.join(end) + (ends ? end : '');
        expect(await read('ofLines', body)).toEqual(expected);
      },
    );
    await fc.assert(property, { seed, numRuns: 1_000 });
  });

  it.each<[string, string | Buffer, unknown]>([
    ['none', '', []],
    ['blank', '\n\r\n  \n\t', []],
    ['with a byte order mark', '\ufeff1\n2', [1, 2]],
    ['one of them broken', '{"a":1}\n{"a":\n{"a":2}', [{ a: 1 }, 'INVALID_JSON', { a: 2 }]],
    ['one of them not UTF-8', Buffer.from('1\n"\xff"\n2', 'latin1'), [1, 'INVALID_JSON', 2]],
    ['one of them too large', `1\n"${'x'.repeat(10_000)}"\n2`, [1, 'PAYLOAD_TOO_LARGE', 2]],
    ['too many', '0\n'.repeat(1_001), 'TOO_MANY_ROWS'],
    ['blank ones do not count', '0\n\n'.repeat(1_000), new Array(1_000).fill(0)],
    ['separators that are none', '"a\u2028b\u0085"', ['a\u2028b\u0085']],
  ])('%s', async (_, body, expected) => {
    expect(await read('ofLines', body)).toEqual(expected);
  });
});

describe('the order of arrival', () => {
  const given = fc.record(
    {
      id: fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }), fc.uuid()),
      created_at: fc.nat(3),
    },
    { requiredKeys: [] },
  );
  const chunk = fc.record({
    wait: fc.integer({ min: -5, max: 5 }),
    rows: fc.array(given, { maxLength: 12 }),
  });

  it('is that of time, then id, whatever ids are given and wherever the clock goes', () => {
    const property = fc.property(fc.array(chunk), (chunks) => {
      const order = new ArrivalOrder();
      let now = 1_700_000_000_000;
      const timed: { id: string; createdAt: number }[] = [];
      const made: string[] = [];
      for (const { wait, rows } of chunks) {
        order.begin((now += wait), rows.length);
        for (const row of rows) {
          const arrival = order.next(row);
          expect(arrival.id).toBe(row.id ?? arrival.id);
          if (row.id === undefined) made.push(arrival.id);
          if (row.created_at === undefined) timed.push(arrival);
          else expect(arrival.createdAt).toBe(row.created_at);
        }
      }
      const key = ({ id, createdAt }: { id: string; createdAt: number }) =>
        `${String(createdAt).padStart(16, '0')} ${Buffer.from(id).toString('hex')}`;
      expect(timed.map(key)).toEqual([...new Set(timed.map(key))].sort());
      expect(made).toEqual([...new Set(made)].sort());
    });
    fc.assert(property, { seed, numRuns: 2_000 });
  });

  it('lets the time be now where ids are made up', () => {
    const order = new ArrivalOrder();
    order.begin(5_000, 200);
    const first = Array.from({ length: 200 }, () => order.next({}));
    expect(new Set(first.map(({ createdAt }) => createdAt))).toEqual(new Set([5_000]));
    order.begin(6_000, 1);
    expect(order.next({}).createdAt).toBe(6_000);
  });

  it('says nothing of how many others there are', () => {
    const bitsOf = ({ id }: { id: string }) => BigInt(`0x${id.slice(15).replaceAll('-', '')}`);
    const alone = Array.from({ length: 400 }, () => {
      const order = new ArrivalOrder();
      order.begin(5_000, 1);
      return bitsOf(order.next({}));
    });
    // Drawn anew each time: neither counted on nor ascending from one request to the next.
    expect(new Set(alone).size).toBe(400);
    const steps = alone.slice(1).filter((bits, i) => bits > alone[i]).length;
    expect(steps).toBeGreaterThan(100);
    expect(steps).toBeLessThan(300);
  });
});

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function nested(depth: number): unknown {
  return depth === 0 ? undefined : depth === 1 ? [] : [nested(depth - 1)];
}
