import { type Call, Load } from './load.js';
import type { MakeDatabase } from './measured-database.js';
import { MeasuredServer } from './measured-server.js';
import { Store } from './store.js';

const CLIENTS = 8;
const EACH = 500;
const VAULTS = 4;

export interface ClientsResult {
  readonly requests: number;
  /** What was answered to an add but no memory, and to a search but no results: the codes, or nothing readable. */
  readonly errors: readonly string[];
  /** Searches by a text just added which did not have it among the first ten. */
  readonly unfound: number;
  /** Memories whose add was answered and which are not there. */
  readonly lost: number;
}

/** Eight clients at once, two in each vault as users of their own, each of which adds and searches 500 times. */
export async function measureClients(seed: number, makeDatabase: MakeDatabase): Promise<ClientsResult> {
  const server = await MeasuredServer.start('src/main.js', makeDatabase);
  const loads = Array.from({ length: CLIENTS }, () => new Load(server.baseUrl, 1));
  try {
    const results = await Promise.all(
      loads.map((load, i) =>
        work(load, new Store(load, `vault-${i % VAULTS}`, seed + i, undefined, `u${i}`)),
      ),
    );
    const sum = (count: (result: ClientsResult) => number) =>
      results.reduce((total, result) => total + count(result), 0);
    return {
      requests: sum(({ requests }) => requests),
      errors: results.flatMap(({ errors }) => errors),
      unfound: sum(({ unfound }) => unfound),
      lost: sum(({ lost }) => lost),
    };
  } finally {
    for (const load of loads) load.close();
    await server.stop();
  }
}

async function work(load: Load, store: Store): Promise<ClientsResult> {
  const added: { id: string; content: string }[] = [];
  const errors: string[] = [];
  let unfound = 0;
  for (let n = 0; n < EACH; n += 1) {
    const memory = await answerOf<{ id: string; content: string; code?: string }>(load, {
      ...store.add(),
      status: 'any',
    });
    if (memory?.id === undefined) {
      errors.push(memory?.code ?? 'unreadable');
      continue;
    }
    added.push(memory);
    const search = { ...store.search(), body: { query: memory.content, limit: 10 }, status: 'any' as const };
    const found = await answerOf<{ results?: { id: string }[]; code?: string }>(load, search);
    if (!found?.results) errors.push(found?.code ?? 'unreadable');
    else if (!found.results.some(({ id }) => id === memory.id)) unfound += 1;
  }
  let lost = 0;
  for (const { id, content } of added) {
    const { credential } = store;
    const path = `/v1/memories/${id}`;
    const there = await answerOf<{ content: string }>(load, {
      method: 'GET',
      path,
      status: 'any',
      credential,
    });
    if (there?.content !== content) lost += 1;
  }
  return { requests: 2 * EACH, errors, unfound, lost };
}

async function answerOf<Body>(load: Load, call: Call): Promise<Body | undefined> {
  const { bodies } = await load.send(1, () => call);
  try {
    return JSON.parse(bodies[0]) as Body;
  } catch {
    return undefined;
  }
}
