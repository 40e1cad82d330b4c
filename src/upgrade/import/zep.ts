import { isObject } from '../../memories/stored-json.js';
import { NO_USER_ID, nameOf, ownerOf, tagsOf, timeOf } from './field-values.js';
import { JsonRecord } from './json-record.js';
import type { JsonFormat, JsonRow } from './json-source.js';
import { type Outcome, imported, kept, quarantined } from './outcome.js';
import { importedMemory } from './record-memory.js';

const SYSTEM = 'zep';

const PLACED = new Set([
  ...['id', 'uuid', 'content', 'text', 'user_id', 'uid', 'session_id', 'thread_id', 'metadata', 'tags'],
  ...['created_at', 'updated_at', 'last_seen', 'embedding'],
]);

/** Zep: `GET /api/v2/sessions`, sessions with their messages, and what OpenMemory's migration tool makes of them. */
export const zep: JsonFormat = {
  system: SYSTEM,
  table: 'messages',
  lists: {
    sessions: 'sessions',
    threads: 'sessions',
    users: 'users',
    messages: 'messages',
    memories: 'messages',
  },
  // Whose they are stands beside them.
  together: new Set(['messages', 'memories']),
  parentTable: (value) => (sessionIn(value) === undefined ? undefined : 'sessions'),
  keyOf: (record, table) =>
    table === 'messages'
      ? record.nameIn('uuid', 'id')
      : record.nameIn('session_id', 'thread_id', 'user_id', 'uuid'),
  outcomeOf(record, row) {
    const content = record.textIn('content', 'text');
    if (content !== undefined) return messageOf(record, row, content);
    const userId = ownerOf(record.nameIn('user_id'));
    if (userId === undefined) return quarantined(NO_USER_ID);
    if (sessionIn(record.value) !== undefined && row.table !== 'messages') {
      return userId === ''
        ? kept('a session is what its memories say')
        : imported({ kind: 'user', userId }, 'a session is what its memories say; its user');
    }
    if (row.table === 'messages') return quarantined('it has no text', userId);
    if (userId === '') return quarantined('it is neither a session nor a user nor a message');
    return imported({ kind: 'user', userId, createdAt: timeOf(record.valueIn('created_at')) });
  },
};

function messageOf(record: JsonRecord, { around }: JsonRow, content: string): Outcome {
  const session = isObject(around.session) ? around.session : around;
  const userId = ownerOf(record.nameIn('user_id', 'uid') ?? textOf(session.user_id));
  if (userId === undefined) return quarantined(NO_USER_ID);
  return importedMemory({ system: SYSTEM, placed: PLACED }, record, {
    id: nameOf(record.nameIn('uuid', 'id')),
    userId,
    sessionId: nameOf(sessionIn(record.value) ?? sessionIn(session) ?? sessionIn(record.value.metadata)),
    content,
    tags: tagsIn(record),
  });
}

function tagsIn(record: JsonRecord): string {
  const { metadata } = record.value;
  const own = tagsOf(record, 'tags');
  if (own !== '[]' || !isObject(metadata)) return own;
  return tagsOf(new JsonRecord(record.texts.get('metadata')!, metadata), 'tags');
}

function sessionIn(value: unknown): string | undefined {
  return isObject(value) ? (textOf(value.session_id) ?? textOf(value.thread_id)) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
