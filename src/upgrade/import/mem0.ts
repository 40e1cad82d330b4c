import { isObject } from '../../memories/stored-json.js';
import { NO_USER_ID, nameOf, ownerOf, tagsOf, timeOf } from './field-values.js';
import type { JsonRecord } from './json-record.js';
import type { JsonFormat } from './json-source.js';
import { type Outcome, imported, kept, quarantined } from './outcome.js';
import { importedMemory } from './record-memory.js';

const SYSTEM = 'mem0';

/** Members that have a place of their own. */
const PLACED = new Set([
  ...['id', 'memory_id', 'memory', 'text', 'content', 'user_id', 'uid', 'run_id', 'session_id'],
  ...['metadata', 'tags', 'created_at', 'updated_at', 'last_seen', 'expiration_date', 'embedding'],
]);

/** mem0: `GET /v1/memories`, `/v1/entities/users`, its export files, and what OpenMemory's migration tool makes of them. */
export const mem0: JsonFormat = {
  system: SYSTEM,
  table: 'memories',
  lists: { results: 'memories', memories: 'memories', users: 'users', relations: 'relations' },
  keyOf: (record) => record.nameIn('id', 'memory_id', 'user_id'),
  outcomeOf(record, { table, around }) {
    if (table === 'relations') return kept('Cairn has no place for it');
    const content = contentOf(record);
    // An answer about one user need not say so of each memory.
    const asked = typeof around.user_id === 'string' ? around.user_id : undefined;
    const userId = ownerOf(record.nameIn('user_id', 'uid') ?? asked);
    if (content === undefined) return withoutContent(record);
    if (userId === undefined) return quarantined(NO_USER_ID);
    return importedMemory({ system: SYSTEM, placed: PLACED }, record, {
      id: nameOf(record.nameIn('id', 'memory_id')),
      userId,
      sessionId: nameOf(record.nameIn('run_id', 'session_id')),
      content,
      tags: tagsOf(record, 'tags', 'categories'),
      expiresAt: timeOf(record.valueIn('expiration_date')),
    });
  },
};

function contentOf(record: JsonRecord): string | undefined {
  const { data } = record.value;
  const inside = isObject(data) ? [data.memory, data.text] : [];
  return (
    record.textIn('memory', 'text', 'content') ??
    inside.find((text): text is string => typeof text === 'string' && text !== '')
  );
}

/** A user, or nothing. */
function withoutContent(record: JsonRecord): Outcome {
  const isUser = record.value.type === 'user';
  const name = record.nameIn('user_id') ?? (isUser ? record.nameIn('name', 'id') : undefined);
  if (name === undefined) {
    const isEntity = ['agent', 'app', 'run'].includes(record.value.type as string);
    return isEntity ? kept('Cairn has no place for it') : quarantined('it has no text');
  }
  const userId = ownerOf(name);
  const hasMemory = record.value.memory !== undefined || record.value.text !== undefined;
  if (userId === undefined) return quarantined(NO_USER_ID);
  if (hasMemory) return quarantined('it has no text', userId);
  return imported({ kind: 'user', userId, createdAt: timeOf(record.valueIn('created_at')) });
}
