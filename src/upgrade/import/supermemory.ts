import { NO_USER_ID, nameOf, ownerOf, tagsOf } from './field-values.js';
import type { JsonRecord } from './json-record.js';
import type { JsonFormat } from './json-source.js';
import { quarantined } from './outcome.js';
import { importedMemory } from './record-memory.js';

const SYSTEM = 'supermemory';

const PLACED = new Set([
  ...['id', 'content', 'text', 'body', 'user_id', 'userId', 'owner_id', 'uid', 'metadata', 'tags', 'labels'],
  ...['created_at', 'createdAt', 'updated_at', 'updatedAt', 'last_seen', 'embedding'],
]);

/** supermemory: `POST /v3/documents/list`, and what OpenMemory's migration tool makes of it. */
export const supermemory: JsonFormat = {
  system: SYSTEM,
  table: 'documents',
  lists: { memories: 'documents', documents: 'documents', data: 'documents', results: 'documents' },
  keyOf: (record) => record.nameIn('id', 'documentId'),
  outcomeOf(record) {
    const userId = ownerOf(userIn(record));
    if (userId === undefined) return quarantined(NO_USER_ID);
    const content = record.textIn('content', 'text', 'body', 'memory', 'summary');
    if (content === undefined) return quarantined('it has no text', userId);
    return importedMemory(
      { system: SYSTEM, placed: PLACED },
      record,
      {
        id: nameOf(record.nameIn('id', 'documentId')),
        userId,
        content,
        tags: tagsOf(record, 'tags', 'labels'),
      },
      { createdAt: ['created_at', 'createdAt'], updatedAt: ['updated_at', 'updatedAt'] },
    );
  },
};

function userIn(record: JsonRecord): string | undefined {
  const named = record.nameIn('user_id', 'userId', 'owner_id', 'uid', 'containerTag');
  const { containerTags } = record.value;
  const [first] = Array.isArray(containerTags) ? (containerTags as unknown[]) : [];
  return named ?? (typeof first === 'string' ? first : undefined);
}
