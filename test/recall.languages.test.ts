import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from './harness/app.js';
import { LANGUAGES, type Told, hundred } from './harness/language-memories.js';
import { search } from './harness/searching.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

/** Stores the memories one after the other, each in a session of its own or all in one stream. */
async function remember(client: Client, contents: readonly string[], kind: 'notes' | 'stream') {
  const ids: string[] = [];
  for (const [i, content] of contents.entries()) {
    const session = kind === 'notes' ? { session_id: `note ${i}` } : {};
    const answer = await client.post('/v1/memories', { content, ...session });
    if (answer.status !== 201) throw new Error(answer.text);
    ids.push((answer.body as { id: string }).id);
  }
  return ids;
}

/** The queries whose first result is not the memory they ask for. */
async function missed(client: Client, queries: readonly string[], ids: readonly string[]): Promise<string[]> {
  const wrong: string[] = [];
  for (const [i, query] of queries.entries()) {
    const [first] = await search(client, query, { limit: 1 });
    if (first?.id !== ids[i]) wrong.push(query);
  }
  return wrong;
}

const words = ({ who, object }: Told) => `${object} ${who}`;

describe.each(LANGUAGES.map((language) => [language.name, language] as const))('%s', (name, language) => {
  const told = hundred(language);
  let notes: Client;
  let ids: string[];

  beforeAll(async () => {
    notes = service.as('notes', name);
    ids = await remember(notes, told.map(language.tell), 'notes');
    expect(new Set(told.map(language.tell)).size).toBe(100);
    expect(new Set(told.map(words)).size).toBe(100);
  });

  it('finds the one memory among a hundred that holds the words asked for, first', async () => {
    expect(await missed(notes, told.map(words), ids)).toEqual([]);
  });

  it('finds it by a question', async () => {
    expect(await missed(notes, told.map(language.ask), ids)).toEqual([]);
  });

  it('finds it by words as others would type them', async () => {
    const queries = told.map((one) => language.otherwise(words(one)));
    expect(queries).not.toEqual(told.map(words));
    expect(await missed(notes, queries, ids)).toEqual([]);
  });

  it('finds it in a stream, where every memory is read together with its neighbours', async () => {
    const stream = service.as('streams', name);
    const places = await remember(stream, told.map(language.tell), 'stream');
    const queries = told.map((one) => `${words(one)} ${one.place}`);
    expect(await missed(stream, queries, places)).toEqual([]);
  });
});

describe('all languages in one store', () => {
  it('find their memories, however they are mixed', async () => {
    const client = service.as('mixed', 'ana');
    const all = LANGUAGES.map((language) => hundred(language).map((told) => ({ language, told })));
    const mixed = Array.from({ length: 400 }, (_, i) => all[i % 8][Math.floor(i / 8)]);
    const ids = await remember(
      client,
      mixed.map(({ language, told }) => language.tell(told)),
      'notes',
    );
    const queries = mixed.map(({ language, told }) => language.ask(told));
    expect(await missed(client, queries, ids)).toEqual([]);
  });
});

describe('a single word', () => {
  const stories = [
    'Der Schornsteinfeger brachte der Nachbarin Glück.',
    "L'accordéoniste a joué toute la nuit.",
    'Почтальон принёс толстый конверт.',
    'زارت الطبيبة القرية البعيدة.',
    'डाकिया चिट्ठी लेकर आया।',
    '公園で猫が寝ていた。',
    '山上的茶很香。',
    '강가에서 물을 마셨다.',
    'กินข้าวต้มตอนเช้า',
    'Η γιαγιά έψησε κουλούρια.',
    'הסבתא אפתה לחם.',
    'Babaanne mısır ekmeği pişirdi.',
  ];
  it('finds its memory, in every script', async () => {
    const client = service.as('words', 'ana');
    const ids = await remember(client, stories, 'stream');
    const asked: [string, number][] = [
      ['schornsteinfeger', 0],
      ['GLUCK', 0],
      ['accordeoniste', 1],
      ['почтальон', 2],
      ['принес', 2],
      ['الطبيبه', 3],
      ['चिट्ठी', 4],
      ['猫', 5],
      ['公園', 5],
      ['茶', 6],
      ['물', 7],
      ['물을', 7],
      ['ข้าว', 8],
      ['ΓΙΑΓΙΑ', 9],
      ['לֶחֶם', 10],
      ['MISIR', 11],
    ];
    expect(
      await missed(
        client,
        asked.map(([query]) => query),
        asked.map(([, i]) => ids[i]),
      ),
    ).toEqual([]);
  });
});
