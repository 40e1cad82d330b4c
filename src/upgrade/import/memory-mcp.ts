import type { Sector } from '../../memories/sectors.js';
import { isObject, parsedJson } from '../../memories/stored-json.js';
import { nameOf, shareOf } from './field-values.js';
import { metadataOf } from './json-record.js';
import type { McpTable } from './memory-mcp-tables.js';
import { type Link, type Outcome, imported, quarantined } from './outcome.js';
import { pgArrayOf, pgBooleanOf, pgNumberJson, pgTimeOf, pgVectorOf } from './pg-values.js';
import { NO_TIME } from './record-memory.js';
import type { SourceRow } from './source.js';

export const MEMORY_MCP = 'memory-mcp';
/** What its fields are called by in metadata. */
const MEMBER = 'memory_mcp';

export interface MemoryMcpRow extends SourceRow {
  readonly table: McpTable;
  /** As PostgreSQL writes them as text, without what is secret. */
  readonly values: Readonly<Record<string, string | null>>;
  /** As it is kept. */
  readonly keptText: string;
  /** The name of the index it is in; undefined where that is not there. */
  readonly index?: string;
  /** Of a memory: memories before it that it belongs to. */
  readonly links?: readonly Link[];
  /** What is to be said of it. */
  readonly notes?: readonly string[];
  /** Of a relationship: why its ends cannot be found in its vault. */
  readonly apart?: string;
  /** What made the embeddings. */
  readonly model: string;
}

/** Memory MCP's types of memories, and the sectors they come into; the README has this table too. */
const SECTOR_OF: Readonly<Record<string, Sector>> = {
  self: 'reflective',
  belief: 'reflective',
  pattern: 'procedural',
  episodic: 'episodic',
  semantic: 'semantic',
};

const LABELS = ['low', 'medium', 'high'];

const NUMBERS = new Set([
  ...['importance', 'initial_priority', 'current_priority', 'access_count', 'max_access_count'],
  ...['sleep_cycles', 'time_confidence', 'confidence', 'latency_ms', 'priority_before', 'priority_after'],
]);
const BOOLEANS = new Set(['temporal_ok', 'success']);

/** Bytes that PostgreSQL takes into an index, with room for the rest of the key. */
const MAX_DIMS = 1000;

export function outcomeOf(row: MemoryMcpRow): Outcome {
  switch (row.table) {
    case 'memory_indexes':
      return collectionOf(row);
    case 'memories':
      return memoryOf(row);
    case 'memory_relationships':
      return waypointOf(row);
    case 'memory_usage_log':
      return statOf(row);
  }
}

function collectionOf({ values }: MemoryMcpRow): Outcome {
  const name = nameOf(values.name ?? undefined);
  if (name === undefined) return quarantined('its name is none that a collection can have');
  const rest = membersOf(values, ['name', 'description', 'metadata', 'created_at']);
  const metadata = metadataWith(values.metadata, rest);
  return imported({
    ...{ kind: 'collection', name, description: values.description ?? undefined, metadata },
    createdAt: pgTimeOf(values.created_at),
  });
}

function memoryOf(row: MemoryMcpRow): Outcome {
  const { values, index } = row;
  const [createdAt, updatedAt, lastSeenAt] = ['created_at', 'updated_at', 'last_accessed_at'].map((column) =>
    pgTimeOf(values[column]),
  );
  const collection = nameOf(index);
  const tags = pgArrayOf(values.tags ?? '{}')?.filter((tag) => tag !== null);
  const vector = pgVectorOf(values.embedding);
  const type = values.memory_type ?? '';
  const sector = Object.hasOwn(SECTOR_OF, type) ? SECTOR_OF[type] : undefined;
  const placed = [
    ...['id', 'content', 'metadata', 'embedding'],
    ...(tags === undefined ? [] : ['tags']),
    ...(collection === undefined ? [] : ['index_id']),
    ...(createdAt === undefined ? [] : ['created_at']),
    ...(updatedAt === undefined ? [] : ['updated_at']),
    ...(lastSeenAt === undefined ? [] : ['last_accessed_at']),
  ];
  const notes = [
    ...(row.notes ?? []),
    ...(sector === undefined ? ['its type is not known, so it is semantic'] : []),
    ...(collection === undefined ? ['its index is missing, so it is in no collection'] : []),
    ...(vector === undefined && (values.embedding ?? null) !== null ? ['its embedding is none'] : []),
    ...(createdAt === undefined ? [NO_TIME] : []),
  ];
  return imported(
    {
      kind: 'memory',
      id: nameOf(row.key),
      userId: '',
      collection,
      content: values.content ?? '',
      sectors: [sector ?? 'semantic'],
      tags: JSON.stringify(tags ?? []),
      metadata: metadataWith(values.metadata, [...membersOf(values, placed), ...derivedMembers(values)]),
      salience: shareOf(Number(values.current_priority ?? NaN)),
      createdAt,
      updatedAt: updatedAt ?? createdAt,
      lastSeenAt,
      vector: vector && { model: row.model, v: vector },
      links: row.links,
    },
    notes.length > 0 ? notes.join('; ') : undefined,
  );
}

/** What Memory MCP itself reads out of several columns. */
function derivedMembers(values: MemoryMcpRow['values']): string[] {
  const members: string[] = [];
  const label = LABELS[Number(values.importance ?? NaN)] as string | undefined;
  if (label !== undefined) members.push(`"importance_label":"${label}"`);
  // It writes none of its own accord, and means the time of creation by that.
  if ('valid_at' in values && values.valid_at === null && (values.created_at ?? null) !== null) {
    members.push(`"valid_at":${JSON.stringify(values.created_at)},"valid_at_defaulted":true`);
  }
  return members;
}

function waypointOf({ values, apart }: MemoryMcpRow): Outcome {
  const end = (key: string | null | undefined) =>
    key === null || key === undefined ? [] : [{ table: 'memories', key }];
  const confidence = values.confidence ?? null;
  const members = membersOf(values, [
    'source_id',
    'target_id',
    'relationship_type',
    'metadata',
    'created_at',
  ]);
  if (confidence === null && 'confidence' in values) members.push('"confidence":null');
  return imported({
    kind: 'waypoint',
    from: end(values.source_id),
    to: end(values.target_id),
    type: values.relationship_type ?? '',
    weight: shareOf(Number(confidence ?? 1)) ?? 1,
    metadata: metadataWith(values.metadata, members),
    createdAt: pgTimeOf(values.created_at),
    missing: apart,
  });
}

function statOf({ values, key, index }: MemoryMcpRow): Outcome {
  const action = nameOf(values.action ?? undefined);
  if (action === undefined) return quarantined('its action is no name');
  const ts = pgTimeOf(values.accessed_at);
  const members = membersOf(values, ['action', 'metadata', ...(ts === undefined ? [] : ['accessed_at'])]);
  if (index !== undefined) members.push(`"index":${JSON.stringify(index)}`);
  const whole = metadataWith(values.metadata, members, 'metadata');
  // The rest is in the books.
  const dims = Buffer.byteLength(whole) <= MAX_DIMS ? whole : JSON.stringify({ id: key });
  return imported(
    { kind: 'stat', userId: '', type: `memory.${action}`, ts, dims },
    ts === undefined ? NO_TIME : undefined,
  );
}

/** Members of a JSON object for all columns that have a value, but these. */
function membersOf(values: MemoryMcpRow['values'], placed: readonly string[]): string[] {
  return Object.entries(values).flatMap(([column, value]) =>
    value === null || placed.includes(column) ? [] : [`${JSON.stringify(column)}:${jsonOf(column, value)}`],
  );
}

function jsonOf(column: string, value: string): string {
  if (NUMBERS.has(column)) return pgNumberJson(value);
  if (BOOLEANS.has(column)) return JSON.stringify(pgBooleanOf(value) ?? value);
  if (column === 'derived_from_ids') return JSON.stringify(pgArrayOf(value) ?? value);
  return JSON.stringify(value);
}

/**
 * Metadata as they were, and the other columns under the name of the system.
 *
 * @param own the column: JSON, or null
 * @param inside the metadata go in there instead, and all of it is one object
 */
function metadataWith(own: string | null | undefined, members: readonly string[], inside?: string): string {
  const given = own === null || own === undefined ? undefined : parsedJson(own);
  const all = [...members];
  // A dump that somebody has changed may hold anything.
  if (given === undefined && (own ?? null) !== null) all.push(`"metadata":${JSON.stringify(own)}`);
  if (inside !== undefined) {
    if (given !== undefined && !(isObject(given) && Object.keys(given).length === 0))
      all.push(`${JSON.stringify(inside)}:${own}`);
    return `{${all.join(',')}}`;
  }
  const rest = all.length > 0 ? `{${all.join(',')}}` : undefined;
  return metadataOf(given === undefined ? undefined : (own ?? undefined), MEMBER, rest);
}
