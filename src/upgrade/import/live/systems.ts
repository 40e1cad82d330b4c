import { isObject } from '../../../memories/stored-json.js';
import type { LiveApi } from './live-api.js';
import { type Item, PAGE_SIZE, itemsIn, lineOf, onOneLine, pagesOf } from './pages.js';

/** How a system's API is asked for all it has. */
export interface LiveSystem {
  /** The scheme of its `Authorization`. */
  readonly scheme: 'Bearer' | 'Token';
  /** What its makers' servers let through, which OpenMemory's migration tool keeps to as well. */
  readonly requestsPerSecond: number;
  /** Records, a line each, as `--from` reads them out of a file. */
  lines(api: LiveApi): AsyncGenerator<string>;
}

const paged = (page: number) => ({ page: String(page), limit: String(PAGE_SIZE) });

const mem0: LiveSystem = {
  scheme: 'Token',
  requestsPerSecond: 20,
  async *lines(api) {
    const users = (page: number) =>
      api.ask('/v1/entities/users', paged(page)).then((answer) => itemsIn(answer, 'users', 'results'));
    for await (const found of pagesOf(users)) {
      yield lineOf('users', found);
      for (const { value } of found) {
        const user_id = nameIn(value, 'user_id', 'name', 'id');
        if (user_id === undefined) continue;
        const memories = (page: number) =>
          api
            .ask('/v1/memories', { user_id, ...paged(page) })
            .then((answer) => itemsIn(answer, 'memories', 'results'));
        const beside = `"user_id":${JSON.stringify(user_id)},`;
        for await (const items of pagesOf(memories)) yield lineOf('memories', items, beside);
      }
    }
  },
};

const zep: LiveSystem = {
  scheme: 'Bearer',
  requestsPerSecond: 1,
  async *lines(api) {
    const sessions = (page: number) =>
      api.ask('/api/v2/sessions', paged(page)).then((answer) => itemsIn(answer, 'sessions'));
    for await (const found of pagesOf(sessions)) {
      for (const session of found) {
        const id = nameIn(session.value, 'session_id');
        const answer =
          id === undefined ? '[]' : await api.ask(`/api/v2/sessions/${encodeURIComponent(id)}/memory`);
        yield withMessages(session, itemsIn(answer, 'messages', 'memories'));
      }
    }
  },
};

/** A session with its messages in it. */
function withMessages({ text, value }: Item, messages: readonly Item[]): string {
  const isEmpty = !isObject(value) || Object.keys(value).length === 0;
  if (isEmpty || 'messages' in value) return onOneLine(text);
  const list = messages.map((message) => message.text).join(',');
  return onOneLine(`${text.trimEnd().slice(0, -1)},"messages":[${list}]}`);
}

const supermemory: LiveSystem = {
  scheme: 'Bearer',
  requestsPerSecond: 5,
  async *lines(api) {
    const documents = (page: number) =>
      api
        .ask('/v3/documents/list', {}, { page, limit: PAGE_SIZE, includeContent: true })
        .then((answer) => itemsIn(answer, 'documents', 'memories', 'data'));
    for await (const items of pagesOf(documents)) yield lineOf('documents', items);
  },
};

const openmemory: LiveSystem = {
  scheme: 'Bearer',
  requestsPerSecond: 20,
  async *lines(api) {
    const memories = (page: number) =>
      api
        .ask('/memory/all', { l: String(PAGE_SIZE), u: String((page - 1) * PAGE_SIZE) })
        .then((answer) => itemsIn(answer, 'items'));
    for await (const items of pagesOf(memories)) yield lineOf('items', items);
  },
};

/** By what `--from` calls them. */
export const LIVE_SYSTEMS: Readonly<Record<string, LiveSystem>> = { mem0, openmemory, supermemory, zep };

function nameIn(value: unknown, ...names: readonly string[]): string | undefined {
  if (!isObject(value)) return undefined;
  const found = names
    .map((name) => value[name])
    .find((one) => one !== undefined && one !== null && one !== '');
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined;
}
