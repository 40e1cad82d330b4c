import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Piece, documentOf, linesOf } from '../src/upgrade/import/json-pieces.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('import.pieces');
const LISTS = new Set(['results', 'items']);

async function* inChunks(bytes: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  await Promise.resolve();
  for (let at = 0, i = 0; at < bytes.length; i += 1) {
    const size = sizes[i % sizes.length];
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

async function all(pieces: AsyncIterable<Piece>): Promise<Piece[]> {
  const found: Piece[] = [];
  for await (const piece of pieces) found.push(piece);
  return found;
}

const valueOf = ({ bytes }: Piece) => JSON.parse(bytes.toString('utf8')) as unknown;
const document = (text: string, sizes = [7]) =>
  all(documentOf('export.json', 0, LISTS, inChunks(Buffer.from(text), sizes)));

const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 5 });

describe('the pieces of a file', () => {
  it('of an array are its elements, however it is read', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.jsonValue()),
      sizes,
      fc.boolean(),
      async (values, cut, isSetOut) => {
        const text = JSON.stringify(values, null, isSetOut ? 2 : 0);
        const pieces = await document(text, cut);
        expect(pieces.map(valueOf)).toEqual(JSON.parse(text));
        expect(pieces.every(({ at }) => at <= Buffer.byteLength(text))).toBe(true);
      },
    );
    await fc.assert(property, { seed, numRuns: 300 });
  });

  it('of an object are the elements of its lists, and what stands beside them', async () => {
    const members = fc.record({
      next: fc.jsonValue(),
      results: fc.array(fc.jsonValue()),
      'a "quoted": name': fc.jsonValue(),
    });
    const property = fc.asyncProperty(members, sizes, async (value, cut) => {
      const text = JSON.stringify(value);
      const pieces = await document(text, cut);
      const { results, ...beside } = JSON.parse(text) as typeof value;
      expect(pieces.filter(({ list }) => list === 'results').map(valueOf)).toEqual(results);
      expect(pieces.filter((piece) => piece.beside).map(valueOf)).toEqual([beside]);
    });
    await fc.assert(property, { seed, numRuns: 300 });
  });

  it('of an object without lists is the object', async () => {
    expect((await document(' {"a": [1, {"results": [2]}], "b": "}]"} ')).map(valueOf)).toEqual([
      { a: [1, { results: [2] }], b: '}]' },
    ]);
    // What has an id or a text is a record, whatever it is called inside.
    expect((await document('{"id": 1, "results": [2]}')).map(valueOf)).toEqual([{ id: 1, results: [2] }]);
    expect((await document('{}{"a":1}\n[2]')).map(valueOf)).toEqual([{}, { a: 1 }, 2]);
    expect((await document('{"results": []}')).map(valueOf)).toEqual([]);
  });

  it('of lines are the lines', async () => {
    const line = fc.string({ unit: 'binary' }).filter((text) => !/\n/.test(text) && text.trim() !== '');
    const property = fc.asyncProperty(fc.array(line), sizes, async (lines, cut) => {
      const bytes = Buffer.from(lines.join('\n\r\n\n'));
      const pieces = await all(linesOf('export.jsonl', 0, inChunks(bytes, cut)));
      const blank = /^[ \t\r]*$/;
      expect(pieces.map((piece) => piece.bytes.toString())).toEqual(
        Buffer.from(lines.join('\n\r\n\n'))
          .toString()
          .split('\n')
          .filter((text) => !blank.test(text)),
      );
      if (pieces.length > 0) expect(pieces.at(-1)!.at).toBe(bytes.length);
    });
    await fc.assert(property, { seed, numRuns: 300 });
  });

  it.each([
    ['an array', '[{"a": 1}, {"b": '],
    ['a list', '{"results": [{"a": 1}'],
    ['a string', '[{"a": "b'],
    ['an object behind its list', '{"results": [1], "next": 2'],
  ])('are refused where %s breaks off', async (_, text) => {
    await expect(document(text)).rejects.toThrow(/breaks off/);
  });

  it.each(['[1}', '{"a": 1]', '{1: 2}', 'null', '"text"', '[1] 2'])(
    'are refused where there is no JSON: %s',
    async (text) => {
      await expect(document(text)).rejects.toThrow(/is not JSON/);
    },
  );
});
