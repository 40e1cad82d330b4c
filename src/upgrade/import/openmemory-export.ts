import { isSector, type Sector } from '../../memories/sectors.js';
import { NO_USER_ID, jsonIn, nameOf, ownerOf, shareOf, tagsOf, timeOf } from './field-values.js';
import { type JsonRecord, metadataOf } from './json-record.js';
import type { JsonFormat } from './json-source.js';
import { type Outcome, imported, kept, quarantined } from './outcome.js';
import { importedMemory } from './record-memory.js';

const PLACED = new Set([
  ...[
    'id',
    'content',
    'text',
    'memory',
    'user_id',
    'uid',
    'project_id',
    'collection',
    'session_id',
    'sector',
  ],
  ...[
    'primary_sector',
    'sectors',
    'tags',
    'meta',
    'metadata',
    'salience',
    'decay_lambda',
    'version',
    'embedding',
  ],
  ...['created_at', 'updated_at', 'last_seen_at', 'last_seen', 'expires_at'],
  // What answers say of a memory that follows from the rest of it.
  ...['score', 'path', 'explain'],
]);

const LISTS = {
  items: 'memories',
  memories: 'memories',
  matches: 'memories',
  results: 'memories',
  users: 'users',
  facts: 'facts',
  waypoints: 'waypoints',
};

/** OpenMemory: answers of `/memory/all`, `/memory/query` and `/api/temporal`, and its migration tool's files. */
export const openmemoryExport = recordsOf('openmemory');

/** Records as this service answers and takes them, an object each. */
export const jsonl = recordsOf('jsonl');

function recordsOf(system: string): JsonFormat {
  return {
    system,
    table: 'memories',
    lists: LISTS,
    keyOf: (record, table) => (table === 'users' ? record.nameIn('user_id') : record.nameIn('id')),
    outcomeOf(record, { table }) {
      const userId = ownerOf(record.nameIn('user_id', 'uid'));
      if (userId === undefined) return quarantined(NO_USER_ID);
      const content = record.value.content ?? record.value.text ?? record.value.memory;
      if (typeof content === 'string') return memoryOf(system, record, userId, content);
      if (isFact(record)) return factOf(record, userId);
      if (
        table === 'users' ||
        record.value.summary !== undefined ||
        record.value.reflection_count !== undefined
      ) {
        return userOf(record, userId);
      }
      if (table === 'waypoints') return kept('Cairn makes its own', userId);
      return quarantined('it has no text', userId);
    },
  };
}

function memoryOf(system: string, record: JsonRecord, userId: string, content: string): Outcome {
  const { salience, decay_lambda: decay, version } = record.value;
  return importedMemory(
    { system, placed: PLACED },
    record,
    {
      id: nameOf(record.nameIn('id')),
      userId,
      sessionId: nameOf(record.nameIn('session_id')),
      collection: nameOf(record.nameIn('collection', 'project_id')),
      content,
      sectors: sectorsOf(record),
      tags: tagsOf(record, 'tags'),
      salience: shareOf(salience),
      decayLambda: Number.isFinite(decay) && (decay as number) >= 0 ? (decay as number) : undefined,
      version:
        Number.isSafeInteger(version) && (version as number) > 0
          ? Math.min(version as number, 2 ** 31 - 1)
          : undefined,
      expiresAt: timeOf(record.valueIn('expires_at')),
    },
    { metadata: ['metadata', 'meta'], lastSeenAt: ['last_seen_at', 'last_seen'] },
  );
}

/** The primary one first. */
function sectorsOf(record: JsonRecord): readonly Sector[] | undefined {
  const { sectors } = record.value;
  const primary = record.textIn('primary_sector', 'sector');
  const named = [primary, ...(Array.isArray(sectors) ? (sectors as unknown[]) : [])].filter(isSector);
  return named.length > 0 ? [...new Set(named)] : undefined;
}

function isFact({ value }: JsonRecord): boolean {
  return ['subject', 'predicate', 'object'].every((name) => typeof value[name] === 'string');
}

function factOf(record: JsonRecord, userId: string): Outcome {
  const { subject, predicate, object, confidence } = record.value as Record<string, string>;
  const validFrom = timeOf(record.valueIn('valid_from'));
  return imported(
    {
      ...{ kind: 'fact', id: nameOf(record.nameIn('id')), userId, subject, predicate, object, validFrom },
      validTo: timeOf(record.valueIn('valid_to')),
      confidence: shareOf(confidence) ?? 1,
      metadata: metadataOf(jsonIn(record, 'metadata'), '', undefined),
      lastUpdated: timeOf(record.valueIn('last_updated')),
    },
    validFrom === undefined ? 'since when it holds is not known, so it holds from the import on' : undefined,
  );
}

function userOf(record: JsonRecord, userId: string): Outcome {
  if (userId === '') return quarantined('it has neither a text nor a user');
  const { reflection_count: count } = record.value;
  return imported({
    kind: 'user',
    userId,
    summary: record.textIn('summary'),
    reflectionCount:
      Number.isSafeInteger(count) && (count as number) >= 0
        ? Math.min(count as number, 2 ** 31 - 1)
        : undefined,
    createdAt: timeOf(record.valueIn('created_at')),
  });
}
