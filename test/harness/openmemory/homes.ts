import { type Typed, type TypedRow, typedText } from './snapshot.js';

/** The collections of the memories, by `memoryKey`. */
export type Collections = ReadonlyMap<string, Typed>;
/** Where in the new tables a value of an old column may be found; `undefined` where it is not. */
type Place = (row: TypedRow, collections: Collections) => Typed | undefined;

/** Where the rows of an old table live now. */
export interface Home {
  readonly table: string;
  /** Old columns and the new ones that tell whose row it is. */
  readonly key: readonly (readonly [old: string, now: string])[];
  /** Where each old column may be found. A column that is not here is in `legacy_rows` alone. */
  readonly columns: Readonly<Record<string, readonly Place[]>>;
  /** The id of the memory that the new row belongs to. */
  readonly memoryId?: string;
  /** Which of the new table's rows can be of this old table. */
  readonly accepts?: (row: TypedRow) => boolean;
}

const EMPTY_OBJECT = typedText('{}');

export function memoryKey(vault: Typed, id: Typed): string {
  return `${vault} ${id}`;
}

const column =
  (name: string): Place =>
  (row) =>
    row[name];
const same = (...names: string[]): Record<string, readonly Place[]> =>
  Object.fromEntries(names.map((name) => [name, [column(name)]]));
/** No owner is the empty text. */
const owner: readonly Place[] = [column('user_id'), (row) => (row.user_id === 't' ? 'n' : undefined)];

/** Old rows without metadata have none, which the new ones write as an object without members. */
const metadata: readonly Place[] = [
  column('metadata'),
  (row) => (row.metadata === EMPTY_OBJECT ? 'n' : undefined),
];
/** The project that a row names is that of its memory. */
const projectOf = (id: string): readonly Place[] => [
  (row, collections) => collections.get(memoryKey(row.vault_id, row[id])),
];

const MEMORIES: Home = {
  table: 'memories',
  key: [['id', 'id']],
  memoryId: 'id',
  columns: {
    ...same('id', 'content', 'primary_sector', 'tags', 'created_at', 'updated_at', 'last_seen_at'),
    ...same('salience', 'decay_lambda', 'version'),
    user_id: owner,
    project_id: [column('collection')],
    meta: [column('metadata')],
  },
};

const WAYPOINTS: Home = {
  table: 'waypoints',
  key: [
    ['src_id', 'src_id'],
    ['dst_id', 'dst_id'],
  ],
  memoryId: 'src_id',
  columns: {
    ...same('src_id', 'dst_id', 'weight', 'created_at', 'updated_at'),
    user_id: owner,
    project_id: projectOf('src_id'),
  },
};

const USERS: Home = {
  table: 'users',
  key: [['user_id', 'user_id']],
  columns: same('user_id', 'summary', 'reflection_count', 'created_at', 'updated_at'),
};

const STATS: Home = {
  table: 'stats',
  key: [
    ['type', 'type'],
    ['ts', 'ts'],
  ],
  columns: { ...same('type', 'count', 'ts'), id: [statId] },
};

const FACTS: Home = {
  table: 'facts',
  key: [['id', 'id']],
  columns: {
    ...same('id', 'subject', 'predicate', 'object', 'valid_from', 'valid_to', 'confidence', 'last_updated'),
    metadata,
    user_id: owner,
    project_id: [column('collection')],
  },
};

const FACT_EDGES: Home = {
  table: 'fact_edges',
  key: [['id', 'id']],
  columns: {
    ...same('id', 'source_id', 'target_id', 'relation_type', 'valid_from', 'valid_to', 'weight'),
    metadata,
  },
};

const HOMES: Readonly<Record<string, Home>> = {
  memories: MEMORIES,
  waypoints: WAYPOINTS,
  waypoints_new: WAYPOINTS,
  users: USERS,
  stats: STATS,
  temporal_facts: FACTS,
  temporal_edges: FACT_EDGES,
};

/** @returns undefined for a table without a home: all its rows are in `legacy_rows` */
export function homeOf(table: string, columns: readonly string[]): Home | undefined {
  const isVectors = ['id', 'sector', 'v', 'dim'].every((name) => columns.includes(name));
  return isVectors ? vectorsOf(table) : HOMES[table];
}

function vectorsOf(table: string): Home {
  const model = typedText(`openmemory/${table}/`);
  return {
    table: 'vectors',
    key: [
      ['id', 'memory_id'],
      ['sector', 'sector'],
    ],
    memoryId: 'memory_id',
    accepts: (row) => row.model.startsWith(model),
    columns: {
      ...same('sector', 'v', 'dim'),
      id: [column('memory_id')],
      user_id: owner,
      project_id: projectOf('memory_id'),
    },
  };
}

/** Two events of one type in the same millisecond differ by what they had for an id. */
function statId({ dims }: TypedRow): Typed | undefined {
  const id = /"id":(-?\d+)/.exec(Buffer.from(dims.slice(1), 'hex').toString('utf8'))?.[1];
  return id === undefined ? undefined : `i${id}`;
}
