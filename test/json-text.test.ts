import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonParts } from '../src/http/json-parts.js';
import { JsonText, writeJson } from '../src/http/json-text.js';
import { jsonAnswer, jsonStrings } from '../src/memories/stored-json.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('json-text');

/** JSON of any value with white space in between, as JSON.stringify never writes it. */
const spacedJson = fc
  .tuple(fc.jsonValue(), fc.constantFrom(1, '\t', ' \n'))
  .map(([value, space]) => ` ${JSON.stringify(value, null, space)}\r\n`);

/** An answer with texts here and there, and the same with the values in their places. */
const { answer } = fc.letrec<{ answer: [unknown, unknown] }>((tie) => ({
  answer: fc.oneof(
    { maxDepth: 4 },
    spacedJson.map((text): [unknown, unknown] => [new JsonText(text), JSON.parse(text)]),
    fc.jsonValue().map((value): [unknown, unknown] => [value, value]),
    fc
      .array(tie('answer'))
      .map((items): [unknown, unknown] => [items.map(([a]) => a), items.map(([, b]) => b)]),
    fc
      .array(fc.tuple(fc.string(), tie('answer')))
      .map((members): [unknown, unknown] => [
        Object.fromEntries(members.map(([name, [a]]) => [name, a])),
        Object.fromEntries(members.map(([name, [, b]]) => [name, b])),
      ]),
  ),
}));

describe('writing JSON', () => {
  it('gives what JSON.stringify gives where there are no texts', () => {
    class Other {
      readonly a = 1;
      readonly none = undefined;
      toJSON() {
        return [this.a];
      }
    }
    for (const value of [
      { a: [1, undefined, () => 1, 'x'], b: undefined, c: new Date(0), d: new Other(), e: NaN, '"': null },
      [],
      'text',
      null,
      undefined,
      -0,
    ]) {
      expect(writeJson(value)).toBe(JSON.stringify(value));
      expect(writeJson([value, new JsonText(' 1.0')])).toBe(`[${JSON.stringify([value]).slice(1, -1)}, 1.0]`);
    }
  });

  it('puts every text where it belongs, and says the same as its values do', () => {
    fc.assert(
      fc.property(answer, ([value, plain]) => {
        expect(JSON.parse(writeJson(value)!)).toEqual(JSON.parse(JSON.stringify(plain)));
      }),
      { seed, numRuns: 500 },
    );
  });

  it('gives texts as they stand, to the letter', () => {
    const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
    const texts = ['{"a": 9007199254740993, "a":1.0e2}', '1e400', '-0', deep, '"\\ud800\\u0000"'];
    const value = { texts: texts.map((text) => new JsonText(text)), none: undefined, last: { text: 'x' } };
    expect(writeJson(value)).toBe(`{"texts":[${texts.join(',')}],"last":{"text":"x"}}`);
    expect(writeJson(new JsonText('1.0'))).toBe('1.0');
  });

  it.each([
    '',
    ' ',
    '{',
    '1,2',
    '{"a":1},"forged":{"b":1}',
    '1 2',
    '"a\nb"',
    'NaN',
    "{'a':1}",
    '\u00a01',
    '{}//',
  ])('takes no text that is no JSON: %j', (text) => {
    expect(() => new JsonText(text)).toThrow(SyntaxError);
    expect(jsonAnswer(text)).toEqual({});
  });

  it('leaves its values to a JSON.stringify that knows nothing of it', () => {
    expect(JSON.stringify({ a: new JsonText('{"n": 1.0}') })).toBe('{"a":{"n":1}}');
    expect(() => writeJson({ a: new JsonText('1'), b: 1n })).toThrow(TypeError);
    expect(JSON.stringify([new JsonText(' 1')])).toBe('[1]');
  });
});

describe('stored JSON', () => {
  it('is answered as an object where that is written the same', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        const text = JSON.stringify(value);
        const given = jsonAnswer(text);
        expect(writeJson({ given })).toBe(`{"given":${text}}`);
        if (text.length < 1_000) expect(given).not.toBeInstanceOf(JsonText);
      }),
      { seed, numRuns: 500 },
    );
  });

  it('is answered to the letter, however it is written', () => {
    const member = fc.tuple(
      fc.constantFrom('"a"', '"b"', '"b c"', '""', '":"', '"1"', '"10"', '"__proto__"', '"\\u0061"', '"é"'),
      fc.constantFrom(
        '""',
        '":"',
        '"x\\n"',
        '"ü\u2028"',
        '0',
        '-0',
        '7',
        '-12',
        '1.0',
        '1e3',
        '123456789012345',
      ),
    );
    const nested = fc.constantFrom(
      'null',
      'true',
      '9007199254740993',
      '{}',
      '[]',
      '{"a":1,"a":1}',
      '[1.0]',
      '[ ]',
    );
    const either = fc.oneof(member, fc.tuple(fc.constantFrom('"c"', '"d"'), nested));
    fc.assert(
      fc.property(fc.array(either), fc.constantFrom('', ' '), (members, space) => {
        const text = `{${members.map(([name, value]) => `${name}:${value}`).join(`,${space}`)}}`;
        expect(writeJson(jsonAnswer(text))).toBe(text);
      }),
      { seed, numRuns: 5_000 },
    );
  });

  it('has parts that are the texts of its items', () => {
    fc.assert(
      fc.property(fc.array(spacedJson), (texts) => {
        expect(jsonParts(` [${texts.join(',')}] `)).toEqual(texts.map((text) => text.trim()));
        const members = texts.map((text, i) => `"k${i}]":${text}`);
        expect(jsonParts(`{${members.join(' , ')}}`)).toEqual(members.map((member) => member.trim()));
      }),
      { seed, numRuns: 500 },
    );
  });

  it('reads as texts, whatever it is', () => {
    fc.assert(
      fc.property(spacedJson, (text) => {
        for (const item of jsonStrings(text)) expect(typeof item).toBe('string');
        expect(jsonStrings(`[${text}]`)).toHaveLength(1);
      }),
      { seed, numRuns: 500 },
    );
  });
});
