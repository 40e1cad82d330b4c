import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DocumentType, sectionsOf } from '../src/documents/document-sections.js';
import { type Client, TestService } from './harness/app.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('documents');

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

let vaults = 0;
function house(): { all: Client; ana: Client; ben: Client } {
  const vault = `documents-${(vaults += 1)}`;
  return { all: service.as(vault), ana: service.as(vault, 'ana'), ben: service.as(vault, 'ben') };
}

const paragraph = (i: number) => `Paragraph ${i} tells of subject ${i * 7}. `.repeat(12).trimEnd();
const TITLE = 'Handbook of the *north* line 🚂';
const HANDBOOK = [
  'Before everything.\n\n',
  `# ${TITLE} #\n\n`,
  `${paragraph(1)}\n\n\n`,
  '## Ferries\n',
  `The ferry Ørsted leaves Harwich at dusk.\r\n\r\n${paragraph(2)}\n\n`,
  '```\n# no heading\n\nbut code\n```\n\n',
  `## Trains\n\n${paragraph(3)}\n${paragraph(4)}\n`,
].join('');

const joined = (text: string, type: DocumentType, size: number) =>
  sectionsOf(text, type, size).map(({ content }) => content);

describe('sections', () => {
  it('are the text, one after another, of any text whatever', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        '\n',
        '\n\n',
        '\r\n',
        '# ',
        '## a\n',
        '```\n',
        '~~~~',
        '. ',
        '。',
        ' ',
        '\t',
        '🚂',
        'é',
      ),
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('word ', 'x').chain((word) => fc.nat(900).map((times) => word.repeat(times))),
    );
    const text = fc.array(piece, { minLength: 1, maxLength: 30 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(
        text.filter((one) => one !== ''),
        fc.constantFrom<DocumentType>('text/plain', 'text/markdown'),
        fc.integer({ min: 2, max: 1_500 }),
        (one, type, size) => {
          const parts = joined(one, type, size);
          expect(parts.join('')).toBe(one);
          for (const part of parts) {
            expect(part.length).toBeGreaterThan(0);
            expect(part.length).toBeLessThanOrEqual(size);
            if (one.isWellFormed()) expect(part.isWellFormed()).toBe(true);
          }
        },
      ),
      { seed, numRuns: 500 },
    );
  });

  it('begin with headings and paragraphs, and never within code', () => {
    const found = sectionsOf(HANDBOOK, 'text/markdown', 900);
    expect(found.map(({ heading }) => heading)).toEqual([TITLE, 'Ferries', 'Trains']);
    expect(found[0].content).toContain('# Handbook');
    expect(found[1].content.startsWith('## Ferries\n')).toBe(true);
    expect(found[1].content).toContain('# no heading\n\nbut code');
    expect(joined('one\n\ntwo\n\nthree', 'text/plain', 7)).toEqual(['one\n\n', 'two\n\n', 'three']);
    expect(joined('# a\nb', 'text/plain', 4)).toEqual(['# a\n', 'b']);
    expect(joined('One two. Three four', 'text/plain', 12)).toEqual(['One two. ', 'Three four']);
  });

  it('are found in time that grows with the text alone', () => {
    for (const text of [
      `# ${' '.repeat(1e6)}x`,
      `#${'\t#'.repeat(5e5)}x`,
      '."'.repeat(5e5),
      '`'.repeat(1e6),
    ]) {
      expect(joined(text, 'text/markdown', 3_000).join('')).toBe(text);
    }
  });
});

describe('documents', () => {
  it('are taken in whole, section by section, and given back to the letter', async () => {
    const { ana, all } = house();
    const { status, body } = await ana.post('/v1/documents', {
      content: HANDBOOK,
      content_type: 'text/markdown',
      collection: 'manuals',
      tags: ['rail'],
      metadata: { edition: 3 },
      section_size: 900,
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      title: TITLE,
      content_type: 'text/markdown',
      user_id: 'ana',
      collection: 'manuals',
      tags: ['rail'],
      metadata: { edition: 3 },
    });
    expect(body.sections.map((section: { heading: string }) => section.heading)).toEqual([
      TITLE,
      'Ferries',
      'Trains',
    ]);
    const path = `/v1/documents/${body.id}`;
    expect((await all.get(path)).body).toEqual(body);
    expect((await ana.get(`${path}/content`)).body).toEqual({
      id: body.id,
      content_type: 'text/markdown',
      content: HANDBOOK,
    });
    const { sections, ...summary } = body;
    expect((await ana.get('/v1/documents')).body).toEqual({ items: [summary], next_cursor: null });
    expect((await ana.get('/v1/documents?collection=others')).body.items).toEqual([]);
    const read = await ana.get(`/v1/sessions/${body.id}/memories`);
    const ids = [body.id, ...sections.map((section: { id: string }) => section.id)];
    expect(read.body.items.map(({ id }: { id: string }) => id)).toEqual(ids);
  });

  it('are read in their order by searches, where what stands beside a section counts', async () => {
    const { ana } = house();
    const sections = [
      'The lighthouse of Skagen stands in the dunes.',
      'Its lamp was lit by hand.',
      'Eels are smoked.',
    ];
    const content = sections.map((text) => `${text}\n\n${' '.repeat(500)}\n\n`).join('');
    const made = await ana.post('/v1/documents', { content, section_size: 600 });
    expect(made.body.sections).toHaveLength(3);
    const found = await ana.post('/v1/memories/search', { query: 'Skagen lamp', explain: true });
    const second = found.body.results.find(({ id }: { id: string }) => id === made.body.sections[1].id);
    expect(JSON.stringify(second.explain)).toContain(made.body.sections[0].id);
  });

  it('of a short text are one memory', async () => {
    const { ana } = house();
    const { body } = await ana.post('/v1/documents', { content: 'Short. 🦊', id: 'my/own id' });
    expect(body).toMatchObject({ id: 'my/own id', title: null, content_type: 'text/plain', sections: [] });
    const memory = await ana.get(`/v1/memories/${encodeURIComponent('my/own id')}`);
    expect(memory.body).toMatchObject({ content: 'Short. 🦊', session_id: 'my/own id' });
    const text = await ana.get(`/v1/documents/${encodeURIComponent('my/own id')}/content`);
    expect(text.body.content).toBe('Short. 🦊');
  });

  it('follow what is changed in their sections', async () => {
    const { ana } = house();
    const content = `${paragraph(1)}\n\n${paragraph(2)}`;
    const { body } = await ana.post('/v1/documents', { content, section_size: 600 });
    const [first, second] = body.sections as { id: string }[];
    await ana.patch(`/v1/memories/${first.id}`, { content: 'Anew. ', metadata: {} });
    await ana.delete(`/v1/memories/${second.id}`);
    expect((await ana.get(`/v1/documents/${body.id}/content`)).body.content).toBe('Anew. ');
  });

  it('are deleted with all their sections, and with nothing else', async () => {
    const { ana, all } = house();
    const content = `${paragraph(1)}\n\n${paragraph(2)}`;
    const of = (id: string) => ana.post('/v1/documents', { content, section_size: 600, id });
    await of('a');
    await of('a.b');
    await ana.post('/v1/memories', { content: 'A note.', id: 'a.note', session_id: 'a' });
    expect((await ana.delete('/v1/documents/a')).body).toEqual({ deleted: 3 });
    expect((await ana.delete('/v1/documents/a')).status).toBe(404);
    expect((await ana.get('/v1/documents/a.b')).body.sections).toHaveLength(2);
    expect((await all.get('/v1/memories?count=true')).body.count).toBe(4);
    expect((await ana.get('/v1/memories/a.note')).status).toBe(200);
  });

  it('are listed page by page, the latest first', async () => {
    const { ana, ben, all } = house();
    for (let i = 0; i < 5; i += 1) {
      await (i % 2 ? ben : ana).post('/v1/documents', {
        content: 'x',
        id: `d${i}`,
        created_at: 1_000 + (i >> 1),
      });
    }
    const ids: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await all.get(`/v1/documents?limit=2${cursor}`);
      ids.push(...body.items.map(({ id }: { id: string }) => id));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(ids).toEqual(['d4', 'd3', 'd2', 'd1', 'd0']);
    expect((await all.get('/v1/documents?user_id=ben')).body.items).toHaveLength(2);
    expect((await ana.get('/v1/documents?user_id=ben')).status).toBe(403);
  });
});

describe('a document that cannot be taken in', () => {
  it.each([
    ['no text', { content: '' }],
    ['another kind of text', { content: 'x', content_type: 'application/pdf' }],
    ['a name that is taken', { content: 'x', metadata: { document: 1 } }],
    ['an id too long for its sections', { content: 'x', id: 'x'.repeat(241) }],
    ['too many sections', { content: 'word '.repeat(250_000), section_size: 500 }],
    [
      'much to repeat',
      { content: 'word '.repeat(200_000), section_size: 1_000, metadata: { a: 'x'.repeat(60_000) } },
    ],
    ['a past expiry', { content: 'x', expires_at: 1 }],
  ])('has %s', async (_, body) => {
    const { ana } = house();
    const answer = await ana.post('/v1/documents', body);
    expect(answer.status).toBe(400);
    expect((await ana.get('/v1/memories')).body.items).toEqual([]);
  });

  it('leaves nothing of it behind', async () => {
    const { ana } = house();
    await ana.post('/v1/memories', { content: 'In the way.', id: 'd.00002' });
    const content = `${paragraph(1)}\n\n${paragraph(2)}`;
    const answer = await ana.post('/v1/documents', { content, section_size: 600, id: 'd' });
    expect([answer.status, answer.body.code]).toEqual([409, 'ID_EXISTS']);
    expect((await ana.get('/v1/memories')).body.items).toHaveLength(1);
    const search = await ana.post('/v1/memories/search', { query: 'subject' });
    expect(search.body.results).toEqual([]);
  });
});

describe("another's document", () => {
  it('is not there, for another user or another vault', async () => {
    const { ana, ben, all } = house();
    const other = house().all;
    const { body } = await ana.post('/v1/documents', { content: 'Mine.', id: 'mine' });
    for (const client of [ben, other]) {
      const answers = [
        await client.get(`/v1/documents/${body.id}`),
        await client.get(`/v1/documents/${body.id}/content`),
        await client.delete(`/v1/documents/${body.id}`),
      ];
      for (const { status, body: said } of answers) {
        expect(status).toBe(404);
        const absent = await client.get('/v1/documents/absent');
        expect({ ...said, instance: '' }).toEqual({ ...absent.body, instance: '' });
      }
      expect((await client.get('/v1/documents')).body.items).toEqual([]);
    }
    expect((await other.post('/v1/documents', { content: 'Mine too.', id: 'mine' })).status).toBe(201);
    expect((await ben.post('/v1/documents', { content: 'x', user_id: 'ana' })).status).toBe(403);
    expect((await all.get('/v1/documents/mine/content')).body.content).toBe('Mine.');
  });

  it('is not added to by what others store under the ids of its sections', async () => {
    const { ana, ben, all } = house();
    await ana.post('/v1/documents', { content: 'Mine.', id: 'mine' });
    await ben.post('/v1/memories', { content: 'Forged.', id: 'mine.00001' });
    expect((await all.get('/v1/documents/mine')).body.sections).toEqual([]);
    expect((await all.get('/v1/documents/mine/content')).body.content).toBe('Mine.');
    expect((await all.delete('/v1/documents/mine')).body).toEqual({ deleted: 1 });
    expect((await ben.get('/v1/memories/mine.00001')).body.content).toBe('Forged.');
  });

  it('that is no document is not there either', async () => {
    const { ana } = house();
    await ana.post('/v1/memories', { content: 'A memory.', id: 'm', session_id: 's' });
    expect((await ana.get('/v1/documents/m')).status).toBe(404);
    expect((await ana.delete('/v1/documents/m')).status).toBe(404);
  });

  it('that is nobody’s is for reading, where the vault shares it', async () => {
    const { ana, all } = house();
    const vault = `documents-${vaults}`;
    await all.post('/v1/documents', { content: 'For all.', id: 'shared' });
    expect((await ana.get('/v1/documents/shared')).status).toBe(404);
    await service.as(vault, undefined, ['admin', 'vault']).patch('/v1/vault', { share_unowned: true });
    expect((await ana.get('/v1/documents/shared/content')).body.content).toBe('For all.');
    expect((await ana.delete('/v1/documents/shared')).status).toBe(403);
  });
});
