import { floatsOf, jsonIn, timeOf } from './field-values.js';
import { type JsonRecord, metadataOf } from './json-record.js';
import { type MemoryDraft, type Outcome, imported } from './outcome.js';

/** What is noted of a memory whose time of creation is not known. */
export const NO_TIME = 'when it was made is not known, so it has the time of the import';

/** Members that systems call differently, of each the names that it may have. */
interface MemberNames {
  readonly metadata: readonly string[];
  readonly createdAt: readonly string[];
  readonly updatedAt: readonly string[];
  readonly lastSeenAt: readonly string[];
}

const NAMES: MemberNames = {
  metadata: ['metadata'],
  createdAt: ['created_at'],
  updatedAt: ['updated_at'],
  lastSeenAt: ['last_seen'],
};

type OfRecord = 'kind' | 'vector' | keyof MemberNames;

/**
 * A memory of a JSON record, with what all systems have: metadata, times and an embedding.
 *
 * @param placed members that have a place of their own; the others go into the metadata
 * @param rest what the system alone knows how to read
 */
export function importedMemory(
  { system, placed }: { readonly system: string; readonly placed: ReadonlySet<string> },
  record: JsonRecord,
  rest: Omit<MemoryDraft, OfRecord>,
  names: Partial<MemberNames> = {},
): Outcome {
  const called = { ...NAMES, ...names };
  const createdAt = timeOf(record.valueIn(...called.createdAt));
  const vector = floatsOf(record.value.embedding);
  return imported(
    {
      ...rest,
      kind: 'memory',
      metadata: metadataOf(jsonIn(record, ...called.metadata), system, record.without(placed)),
      createdAt,
      updatedAt: timeOf(record.valueIn(...called.updatedAt)) ?? createdAt,
      lastSeenAt: timeOf(record.valueIn(...called.lastSeenAt)),
      vector: vector && { model: `${system}/unknown`, v: vector },
    },
    createdAt === undefined ? NO_TIME : undefined,
  );
}
