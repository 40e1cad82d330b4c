import type { Sector } from '../../memories/sectors.js';
import { NO_USER_ID, nameOf, ownerOf, shareOf, timeOf } from './field-values.js';
import { isObject, parsedJson } from '../../memories/stored-json.js';
import { metadataOf } from './json-record.js';
import { NO_TIME } from './record-memory.js';
import { membersOf } from './metamorph-fields.js';
import type { MetamorphRow, SqlValue } from './metamorph-row.js';
import {
  type Link,
  type MemoryDraft,
  type Outcome,
  type Reference,
  imported,
  kept,
  quarantined,
} from './outcome.js';

export const METAMORPH = 'metamorph';

/** Tables in the order in which they are read: rows before those that refer to them. */
export const ORDER: readonly string[] = [
  ...[
    'conversations',
    'sessions',
    'session_states',
    'session_files',
    'messages',
    'semantic_memory',
    'identity',
  ],
  ...[
    'identity_checkpoints',
    'identity_compression',
    'persona_variants',
    'evolution_snapshots',
    'emergence_traces',
  ],
  ...['emotional_arcs', 'emotion_context', 'subagent_results', 'operator_performance', 'operator_efficacy'],
  ...['coherence_metrics', 'memory_associations', 'memory_compression_queue', 'remote_sync_queue'],
  ...['steering_messages', 'vercel_connections', 'sandboxes', 'sandbox_resource_usage', 'sandbox_executions'],
  'schema_migrations',
];

const NO_PLACE = 'Cairn has no place for it';

/** What becomes of a row, by its table. */
const BY_TABLE: Readonly<Record<string, (row: MetamorphRow) => Outcome>> = {
  conversations: (row) =>
    memory(row, {
      ...{ id: prefixed('conv', row), sector: 'episodic', content: `Conversation ${row.key ?? ''}` },
      ...{ kind: 'conversation', createdAt: 'created_at', updatedAt: 'updated_at' },
    }),
  sessions: (row) =>
    memory(row, {
      ...{ id: prefixed('session', row), sector: 'episodic', kind: 'session' },
      content: textOf(row.values.name) || `Session ${row.key ?? ''}`,
      ...{ createdAt: 'created_at', lastSeenAt: 'last_accessed', user: textOf(row.values.created_by) },
      ...{
        partOf: conversationOf(row),
        placed: ['name', 'conversation_id', 'created_by'],
        state: row.state?.text,
      },
    }),
  session_states: stateOf,
  session_files: stateOf,
  messages: (row) =>
    memory(row, {
      ...{ id: row.key, sector: 'episodic', content: textOf(row.values.content), kind: 'message' },
      ...{ createdAt: 'timestamp', partOf: conversationOf(row), placed: ['content', 'conversation_id'] },
    }),
  semantic_memory: semanticOf,
  identity: (row) =>
    memory(row, {
      ...{ id: prefixed('identity', row), sector: 'reflective', kind: 'identity' },
      content: [textOf(row.values.self_model), ...textsIn(row.values.persistent_values)].join('\n'),
      ...{ createdAt: 'created_at', updatedAt: 'updated_at' },
    }),
  identity_checkpoints: (row) =>
    memory(row, {
      ...{
        id: prefixed(row.table, row),
        sector: 'reflective',
        kind: 'identity_checkpoint',
        createdAt: 'created_at',
      },
      content: [
        `Identity checkpoint ${textOf(row.values.version)}`,
        ...some(row, 'reason', 'checkpoint'),
      ].join('\n'),
      ...{ user: textOf(row.values.user_id), placed: ['user_id', 'reason', 'checkpoint'] },
      links: linksTo('identity', row.values.identity_id, 'historical_version_of'),
    }),
  identity_compression: (row) =>
    memory(row, {
      ...{
        id: prefixed(row.table, row),
        sector: 'reflective',
        kind: 'identity_compression',
        createdAt: 'created_at',
      },
      ...{ content: textOf(row.values.summary), placed: ['summary'] },
      links: linksTo('identity', row.values.identity_id, 'derived_from'),
    }),
  persona_variants: (row) =>
    memory(row, {
      ...{
        id: prefixed(row.table, row),
        sector: 'reflective',
        kind: 'persona_variant',
        createdAt: 'created_at',
      },
      ...{ content: some(row, 'name', 'persona').join('\n'), user: textOf(row.values.user_id) },
      placed: ['name', 'persona', 'user_id'],
    }),
  evolution_snapshots: (row) =>
    memory(row, {
      ...{
        id: prefixed(row.table, row),
        sector: 'reflective',
        kind: 'evolution_snapshot',
        createdAt: 'timestamp',
      },
      ...{ content: `Evolution snapshot: ${textOf(row.values.trigger)}`, partOf: conversationOf(row) },
    }),
  emergence_traces: (row) =>
    memory(row, {
      ...{
        id: prefixed(row.table, row),
        sector: 'episodic',
        kind: 'emergence_trace',
        createdAt: 'timestamp',
      },
      ...{ content: textOf(row.values.trace), partOf: conversationOf(row), placed: ['trace'] },
    }),
  emotional_arcs: (row) =>
    memory(row, {
      ...{
        id: prefixed(row.table, row),
        sector: 'emotional',
        kind: 'emotional_arc',
        createdAt: 'updated_at',
      },
      content: [
        `Emotional arc: ${textOf(row.values.trend) || 'unknown'}`,
        ...textsIn(row.values.insights),
      ].join('\n'),
      partOf: conversationOf(row),
    }),
  emotion_context: (row) =>
    memory(row, {
      ...{ id: prefixed(row.table, row), sector: 'emotional', kind: 'emotion', createdAt: 'timestamp' },
      content: [`Emotion: ${textOf(row.values.current_emotion)}`, ...some(row, 'prompt_context')].join('\n'),
      ...{ partOf: sessionOf(row), placed: ['prompt_context'] },
    }),
  subagent_results: (row) =>
    memory(row, {
      ...{
        id: prefixed(row.table, row),
        sector: 'semantic',
        kind: 'subagent_result',
        createdAt: 'timestamp',
      },
      ...{
        content: some(row, 'task', 'response').join('\n'),
        expiresAt: 'expiry',
        salience: row.values.relevance,
      },
      ...{ partOf: conversationOf(row), placed: ['task', 'response', 'expiry'] },
    }),
  operator_performance: (row) => statOf(row, 'operator.performance', 'timestamp'),
  operator_efficacy: (row) => statOf(row, 'operator.efficacy', 'updated_at'),
  coherence_metrics: (row) => statOf(row, 'session.coherence', 'timestamp'),
  sandbox_resource_usage: (row) => statOf(row, 'sandbox.usage', 'period_start'),
  memory_associations: associationOf,
};

export function outcomeOf(row: MetamorphRow): Outcome {
  if (row.broken !== undefined) return quarantined(row.broken);
  const known = Object.hasOwn(BY_TABLE, row.table) ? BY_TABLE[row.table] : undefined;
  if (known) return known(row);
  const owner = ownerOf(textOf(row.values.created_by) || textOf(row.values.user_id) || row.group?.owner);
  return kept(NO_PLACE, owner);
}

interface MemoryOf {
  readonly id: string | undefined;
  readonly kind: string;
  readonly sector: Sector;
  readonly content: string;
  /** Columns with times. */
  readonly createdAt: string;
  readonly updatedAt?: string;
  readonly lastSeenAt?: string;
  readonly expiresAt?: string;
  /** Whose it is; of what belongs to a conversation the conversation's when absent. */
  readonly user?: string;
  /** What it is a part of. */
  readonly partOf?: Reference;
  readonly links?: readonly Link[];
  readonly salience?: SqlValue;
  /** Columns that have a place of their own. */
  readonly placed?: readonly string[];
  /** Of a session; JSON. */
  readonly state?: string;
  readonly note?: string;
  readonly tags?: string;
  /** JSON text of metadata of its own. */
  readonly metadata?: string;
  readonly vector?: MemoryDraft['vector'];
}

function memory(row: MetamorphRow, given: MemoryOf): Outcome {
  const { values, group } = row;
  const userId = ownerOf(given.user ?? group?.owner);
  if (userId === undefined) return quarantined(NO_USER_ID);
  const time = (column: string | undefined) => (column === undefined ? undefined : timeOf(values[column]));
  const times = [given.createdAt, given.updatedAt, given.lastSeenAt, given.expiresAt];
  const placed = new Set(['id', 'vault_id', 'embedding', ...times, ...(given.placed ?? [])]);
  // Times that are none are not lost.
  for (const column of times) if (column !== undefined && time(column) === undefined) placed.delete(column);
  const createdAt = time(given.createdAt);
  const notes = [
    ...(given.note === undefined ? [] : [given.note]),
    ...(createdAt === undefined ? [NO_TIME] : []),
    ...(group?.isShared ? ['several users have its conversation, so it is nobody’s'] : []),
    ...(given.partOf && group?.isThere === false ? [`what it is a part of is missing`] : []),
  ];
  const links = [...(given.links ?? []), ...(given.partOf ? [{ to: given.partOf, type: 'part_of' }] : [])];
  return imported(
    {
      kind: 'memory',
      id: nameOf(given.id),
      userId,
      sessionId: nameOf(group?.conversation ?? sessionNameOf(row)),
      content: given.content,
      sectors: [given.sector],
      tags: given.tags ?? '[]',
      metadata: metadataOf(given.metadata, METAMORPH, membersOf(values, placed, given.kind, given.state)),
      salience: shareOf(given.salience),
      createdAt,
      updatedAt: time(given.updatedAt) ?? createdAt,
      lastSeenAt: time(given.lastSeenAt),
      expiresAt: time(given.expiresAt),
      vector: given.vector,
      links,
    },
    notes.length > 0 ? notes.join('; ') : undefined,
  );
}

/** A state is a part of its session; only where there is no such session it is one. */
function stateOf(row: MetamorphRow): Outcome {
  const owner = row.group?.owner;
  if (row.role === 'older') return kept('a newer state of its session is known', owner);
  if (row.role === 'part') return kept('it is with its session', owner);
  const id = textOf(row.values.id);
  return memory(row, {
    ...{
      id: `session:${id}`,
      kind: 'session',
      sector: 'episodic',
      content: textOf(row.values.name) || `Session ${id}`,
    },
    ...{
      createdAt: 'created_at',
      lastSeenAt: 'last_activity',
      placed: ['name', 'state'],
      state: textOf(row.values.state) || undefined,
    },
  });
}

const SECTOR_OF: Readonly<Record<string, Sector>> = {
  episodic: 'episodic',
  semantic: 'semantic',
  identity: 'reflective',
};

function semanticOf(row: MetamorphRow): Outcome {
  const { type, content, embedding, importance, metadata, user_id: user } = row.values;
  const known = Object.hasOwn(SECTOR_OF, textOf(type)) ? SECTOR_OF[textOf(type)] : undefined;
  const own = typeof metadata === 'string' ? parsedJson(metadata) : undefined;
  const tags =
    isObject(own) && Array.isArray(own.tags) ? own.tags.filter((tag) => typeof tag === 'string') : [];
  const conversation =
    isObject(own) && typeof own.conversationId === 'string' ? own.conversationId : undefined;
  const isVector = Buffer.isBuffer(embedding) && embedding.length > 0 && embedding.length % 4 === 0;
  const note = [
    ...(known === undefined ? ['its type is not known, so it is semantic'] : []),
    ...(embedding === null || embedding === undefined || isVector ? [] : ['its embedding is none']),
  ];
  return memory(row, {
    ...{ id: row.key, kind: 'semantic_memory', sector: known ?? 'semantic', content: textOf(content) },
    ...{ createdAt: 'timestamp', user: textOf(user), salience: importance, tags: JSON.stringify(tags) },
    metadata: isObject(own) ? (metadata as string) : undefined,
    placed: ['content', 'user_id', ...(isObject(own) ? ['metadata'] : [])],
    vector: isVector ? { model: `${METAMORPH}/unknown`, v: embedding } : undefined,
    links: conversation === undefined ? [] : linksTo('conversations', conversation, 'part_of'),
    note: note.length > 0 ? note.join('; ') : undefined,
  });
}

/** Bytes that PostgreSQL takes into an index, with room for the rest of the key. */
const MAX_DIMS = 1000;

function statOf(row: MetamorphRow, type: string, time: string): Outcome {
  const whole = membersOf(row.values, new Set(['vault_id', time]), undefined, undefined) ?? '{}';
  const dims = Buffer.byteLength(whole) <= MAX_DIMS ? whole : JSON.stringify({ row: row.ordinal });
  const ts = timeOf(row.values[time]);
  return imported({ kind: 'stat', userId: '', type, ts, dims }, ts === undefined ? NO_TIME : undefined);
}

function associationOf({ values }: MetamorphRow): Outcome {
  const ends = (value: SqlValue): Reference[] =>
    typeof value === 'string' ? ['semantic_memory', 'messages'].map((table) => ({ table, key: value })) : [];
  const placed = new Set([
    'vault_id',
    'source_memory_id',
    'target_memory_id',
    'association_type',
    'created_at',
  ]);
  return imported({
    kind: 'waypoint',
    from: ends(values.source_memory_id),
    to: ends(values.target_memory_id),
    type: textOf(values.association_type) || 'similar_to',
    weight: shareOf(values.strength) ?? 1,
    metadata: metadataOf(undefined, METAMORPH, membersOf(values, placed, undefined, undefined)),
    createdAt: timeOf(values.created_at),
  });
}

function prefixed(prefix: string, { key }: MetamorphRow): string | undefined {
  return key === undefined ? undefined : `${prefix}:${key}`;
}

function conversationOf({ values }: MetamorphRow): Reference | undefined {
  return typeof values.conversation_id === 'string'
    ? { table: 'conversations', key: values.conversation_id }
    : undefined;
}

function sessionOf({ values }: MetamorphRow): Reference | undefined {
  return typeof values.session_id === 'string' ? { table: 'sessions', key: values.session_id } : undefined;
}

/** The group of what has a session and no conversation. */
function sessionNameOf({ table, key, values }: MetamorphRow): string | undefined {
  if (table === 'sessions' || table === 'session_states') return key;
  if (table === 'session_files') return textOf(values.id) || undefined;
  return textOf(values.session_id) || undefined;
}

function linksTo(table: string, key: SqlValue, type: string): Link[] {
  return typeof key === 'string' ? [{ to: { table, key }, type }] : [];
}

/** As a text; of what is none the empty one. */
function textOf(value: SqlValue | undefined): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  return Buffer.isBuffer(value) ? value.toString('utf8') : '';
}

/** The columns that hold a text, in order. */
function some({ values }: MetamorphRow, ...columns: readonly string[]): string[] {
  return columns.map((column) => textOf(values[column])).filter((text) => text !== '');
}

/** The texts of a JSON array; of other texts the text itself. */
function textsIn(value: SqlValue | undefined): string[] {
  const text = textOf(value);
  const items = parsedJson(text);
  if (!Array.isArray(items)) return text === '' ? [] : [text];
  return items.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)));
}
