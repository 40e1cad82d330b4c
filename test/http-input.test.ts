import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiError } from '../src/http/api-error.js';
import { parseJsonBody } from '../src/http/json-body.js';
import { type Probe, startProbe } from './http-probe.js';

let probe: Probe;
beforeAll(async () => {
  probe = await startProbe();
});
afterAll(() => probe.app.close());

async function post(body: string): Promise<{ status: number; body: Answer }> {
  const response = await fetch(`${probe.url}/v1/notes`, {
    method: 'POST',
    body,
    headers: { 'Content-Type': 'application/json' },
  });
  return { status: response.status, body: (await response.json()) as Answer };
}

interface Answer {
  code?: string;
  detail?: string;
  errors?: { field: string; message: string }[];
  isInstance?: boolean;
  note?: Record<string, unknown>;
}

const fields = (answer: { body: Answer }) => answer.body.errors?.map(({ field }) => field);

describe('reading JSON', () => {
  const refusal = (text: string): { code: string; field?: string } | undefined => {
    try {
      parseJsonBody(Buffer.from(text));
      return undefined;
    } catch (error) {
      expect(error).toBeInstanceOf(ApiError);
      const { code, errors } = error as ApiError;
      return { code, field: errors?.[0].field };
    }
  };

  it.each([
    ['{"a":9007199254740991,"b":-9007199254740991}', undefined],
    ['{"a":9007199254740992}', 'a'],
    ['{"a":{"b":[0,{"c":-9007199254740993}]}}', 'a.b.1.c'],
    ['[1,2,12345678901234567890]', '2'],
    ['12345678901234567890', 'body'],
    ['{"a":1e308,"b":-1.5e-400,"c":0.1,"d":1E+2}', undefined],
    ['{"a":1e400}', 'a'],
    ['{"a":[[-1e999]]}', 'a.0.0'],
    ['{"a":"12345678901234567890 1e999"}', undefined],
    ['{"12345678901234567890":1}', undefined],
    ['{"a\\"b":{"c":1e999}}', 'a"b.c'],
  ])('numbers: %s', (text, field) => {
    expect(refusal(text)?.field).toBe(field);
  });

  it.each([
    ['{"__proto__":{"polluted":1}}', '__proto__'],
    ['{"a":[{"__proto__":1}]}', 'a.0.__proto__'],
    ['{"\\u005f_proto\\u005F_":1}', '__proto__'],
    ['{"constructor":{"prototype":{"polluted":1}}}', 'constructor.prototype'],
    ['{"a":{"c\\u006fnstructor":{"prototype":1}}}', 'a.constructor.prototype'],
    ['{"constructor":1,"prototype":2,"a":"__proto__"}', undefined],
    ['{"constructor":{"name":"x"},"b":{"prototype":1}}', undefined],
  ])('names: %s', (text, field) => {
    expect(refusal(text)).toEqual(field && { code: 'VALIDATION_FAILED', field });
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  it.each([
    '{',
    '{"a":1,}',
    '[1 2]',
    '{"a":"b}',
    '"\\',
    'nul',
    '01',
    '1.',
    '-',
    '{"a":"\u0001"}',
    '}',
    ']]]',
    '{"a" 1}',
    ',',
    "{'a':1}",
    '{"a":1}{"b":2}',
    '\\u0022',
  ])('bad JSON: %s', (text) => {
    expect(refusal(text)).toEqual({ code: 'INVALID_JSON', field: undefined });
  });

  it('reads what is nested 32 deep, and nothing deeper', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
    expect(refusal(nested(32))).toBeUndefined();
    expect(refusal(nested(33))?.code).toBe('INVALID_JSON');
    expect(refusal('{"a":'.repeat(1_000_000))?.code).toBe('INVALID_JSON');
    expect(refusal(JSON.stringify({ a: ']}'.repeat(50) + '[{'.repeat(50) }))).toBeUndefined();
  });

  it('refuses what is not UTF-8, takes a byte order mark, and knows nothing from empty', () => {
    expect(() => parseJsonBody(Buffer.from([0x22, 0xff, 0x22]))).toThrow(ApiError);
    expect(() => parseJsonBody(Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]))).toThrow(ApiError);
    expect(parseJsonBody(Buffer.from('\ufeff{"a":1}'))).toEqual({ a: 1 });
    expect(parseJsonBody(Buffer.alloc(0))).toBeUndefined();
  });

  it('gives exactly what JSON.parse gives, and refuses what it refuses', () => {
    const seed = Date.now();
    console.log(`seed ${seed}`);
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '\\',
      '"a"',
      '"b":',
      '1',
      '-2.5',
      'true',
      'null',
      ' ',
      '\\"',
      '1e5',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json({ maxDepth: 6 }),
          fc.array(token, { maxLength: 24 }).map((all) => all.join('')),
        ),
        (text) => {
          fc.pre(text !== '' && !text.includes('__proto__') && !text.includes('prototype'));
          let expected: unknown;
          let bad = false;
          try {
            expected = JSON.parse(text);
          } catch {
            bad = true;
          }
          const refused = refusal(text);
          if (bad) expect(refused).toBeDefined();
          else if (refused) expect(refused.field).toBeDefined();
          else expect(parseJsonBody(Buffer.from(text))).toEqual(expected);
        },
      ),
      { seed, numRuns: 3000 },
    );
  });

  it('takes time in proportion to the text, whatever is in it', () => {
    const size = 1_000_000;
    const texts = [
      `"${'\\'.repeat(size)}"`,
      `"${'\\"'.repeat(size / 2)}"`,
      `[${'"",'.repeat(size / 3)}""]`,
      `{${'"__proto_":1,'.repeat(size / 13)}"a":1}`,
      `[${'1e1,'.repeat(size / 4)}1]`,
      `[${'9'.repeat(size)}]`,
      `{"${'a'.repeat(size)}":1e999}`,
      ' '.repeat(size),
    ];
    // A pass that is quadratic in a million characters does not come back before the test times out.
    for (const text of texts) refusal(text);
  });

  it('never repeats what was sent', async () => {
    const answer = await post('{"content": canary-text}');
    expect(answer).toMatchObject({ status: 400, body: { code: 'INVALID_JSON' } });
    expect(JSON.stringify(answer)).not.toContain('canary');
  });
});

describe('bodies against a DTO', () => {
  it('makes instances, nested ones too, and keeps free JSON as it is', async () => {
    const metadata = {
      constructor: 'x',
      toString: 1,
      hasOwnProperty: { constructor: { name: 'y' }, then: null },
      length: -1,
      list: [1, { valueOf: 'z' }],
    };
    const answer = await post(JSON.stringify({ content: 'a', metadata, filters: { metadata } }));
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ isInstance: true });
    expect(answer.body.note).toEqual({ content: 'a', metadata, filters: { metadata } });
  });

  it.each([
    [{ content: 'a', colour: 'red' }, ['colour']],
    [{ content: 'a', filters: { user_id: 'u', vault_id: 'v' } }, ['filters.vault_id']],
    [{ content: 'a', filters: { user_id: 7 } }, ['filters.user_id']],
    [{ content: 7 }, ['content']],
    [{}, ['content']],
    [{ content: 'a', tags: ['x', { y: 1 }] }, ['tags']],
    [{ content: 'a', tags: 'x' }, ['tags']],
    [{ content: 'a', filters: [] }, ['filters']],
    [{ content: 'a', filters: [{ user_id: 7 }, { colour: 'red' }] }, ['filters']],
    [{ content: 'a', filters: 'x' }, ['filters']],
    [{ content: 'a', metadata: [] }, ['metadata']],
    [{ content: 'a', constructor: 'x' }, ['constructor']],
    [{ content: 'a', toString: null, hasOwnProperty: 1 }, ['toString', 'hasOwnProperty']],
    [{ content: 'a', filters: { constructor: { name: 'x' } } }, ['filters.constructor']],
  ])('%j names %j', async (body, expected) => {
    const answer = await post(JSON.stringify(body));
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect([...new Set(fields(answer))]).toEqual(expected);
  });

  it.each(['[]', '[{"content":"a"}]', 'null', '7', '"content"', 'true'])('%s is no object', async (body) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(fields(answer)).toEqual(['body']);
  });

  it('says that a body is needed where there is none', async () => {
    for (const init of [
      { method: 'POST' },
      { method: 'POST', headers: { 'Content-Type': 'application/json' } },
    ]) {
      const response = await fetch(`${probe.url}/v1/notes`, init);
      const problem = (await response.json()) as Answer;
      expect(response.status).toBe(400);
      expect(problem.detail).toContain('needs a JSON body');
      expect(problem.errors?.[0].field).toBe('content');
    }
  });

  it('names a number in the text that would not survive', async () => {
    const answer = await post('{"content":"a","metadata":{"n":9007199254740993}}');
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(fields(answer)).toEqual(['metadata.n']);
  });

  it('shows at most 20 errors, with names cut to size', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`${'f'.repeat(200)}${n}`, n]));
    const answer = await post(JSON.stringify({ content: 'a', ...many }));
    expect(answer.status).toBe(400);
    expect(answer.body.errors).toHaveLength(20);
    expect(JSON.stringify(answer.body).length).toBeLessThan(5000);
  });

  it('other JSON types are JSON', async () => {
    const response = await fetch(`${probe.url}/v1/notes`, {
      method: 'POST',
      body: '{"content":"a"}',
      headers: { 'Content-Type': 'application/merge-patch+json; charset=utf-8' },
    });
    expect(response.status).toBe(201);
  });
});

describe('query strings', () => {
  const get = async (path: string): Promise<{ status: number; body: Answer }> => {
    const response = await fetch(`${probe.url}${path}`);
    return { status: response.status, body: (await response.json()) as Answer };
  };

  it.each([
    ['/v1/notes', {}],
    ['/v1/notes?', {}],
    ['/v1/notes?&&', {}],
    ['/v1/notes?limit=7&name=a+b%26', { limit: 7, name: 'A B&' }],
    ['/v1/notes?name', { name: '' }],
    ['/v1/notes/named?name=x', { name: 'x' }],
  ])('%s is read', async (path, expected) => {
    expect(await get(path)).toEqual({ status: 200, body: expected });
  });

  it.each([
    ['/v1/notes?limit=1&limit=2', 'limit'],
    ['/v1/notes?limit=1&limit=1', 'limit'],
    ['/v1/notes?limit[]=1', 'limit[]'],
    ['/v1/notes?name[a]=1', 'name[a]'],
    ['/v1/notes?colour=red', 'colour'],
    ['/v1/notes?__proto__=1', '__proto__'],
    ['/v1/notes?constructor=1', 'constructor'],
    ['/v1/notes?limit=', 'limit'],
    ['/v1/notes?limit=%201', 'limit'],
    ['/v1/notes?limit=0x10', 'limit'],
    ['/v1/notes?limit=1e1', 'limit'],
    ['/v1/notes?limit=1.5', 'limit'],
    ['/v1/notes?limit=101', 'limit'],
    ['/v1/notes?name=%', 'name'],
    ['/v1/notes?name=%ff', 'name'],
    ['/v1/notes?%=1', '%'],
    ['/v1/notes?name=a%00', 'name'],
    ['/v1/notes/named?name=x&other=y', 'other'],
    ['/v1/notes/plain?anything=1', 'anything'],
    ['/v1/notes/by-id/7?vault_id=b', 'vault_id'],
  ])('%s is refused', async (path, field) => {
    const answer = await get(path);
    expect(answer).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    expect(new Set(fields(answer))).toEqual(new Set([field]));
  });

  it('who is refused is not told about the query', async () => {
    const response = await fetch(`${probe.url}/v1/notes/plain?x=1`, { headers: { 'X-Vault-Id': 'refused' } });
    expect(response.status).toBe(403);
  });
});
