/** What a table of OpenMemory is for, whichever release made it. */
export type OldKind =
  | 'memories'
  | 'vectors'
  | 'waypoints'
  | 'users'
  | 'stats'
  | 'facts'
  | 'factEdges'
  | 'logs'
  | 'versions'
  | 'fullText';

interface KnownTable {
  readonly kind: OldKind;
  /** Its names; without any it goes by its columns, since a setting (OM_VECTOR_TABLE) gives it its name. */
  readonly names?: readonly string[];
  /** Columns without which it is something else. */
  readonly needs: string;
  /** Columns that some releases have. */
  readonly may?: string;
  /** Columns that Cairn's tables have no place for: what they hold goes to `legacy_rows`. */
  readonly homeless?: string;
}

/**
 * Every table and column of OpenMemory 1.0 to 1.3.3, and what of it has no home in Cairn. The tables `logs` and
 * `versions` have none at all: their rows go to `legacy_rows` whole. `fullText` is an index over the memories.
 */
export const KNOWN_TABLES: readonly KnownTable[] = [
  {
    kind: 'memories',
    names: ['memories'],
    needs: 'id content primary_sector meta salience decay_lambda',
    may: 'user_id project_id tags created_at updated_at last_seen_at version',
    homeless: 'segment simhash mean_dim mean_vec compressed_vec feedback_score',
  },
  // The second is what is left where the peer's own migration was stopped between its statements.
  {
    kind: 'waypoints',
    names: ['waypoints', 'waypoints_new'],
    needs: 'src_id dst_id weight',
    may: 'user_id project_id created_at updated_at',
  },
  {
    kind: 'users',
    names: ['users'],
    needs: 'user_id summary',
    may: 'reflection_count created_at updated_at',
  },
  { kind: 'stats', names: ['stats'], needs: 'id type count ts' },
  {
    kind: 'facts',
    names: ['temporal_facts'],
    needs: 'id subject predicate object valid_from',
    may: 'user_id project_id valid_to confidence last_updated metadata',
  },
  {
    kind: 'factEdges',
    names: ['temporal_edges'],
    needs: 'id source_id target_id relation_type',
    may: 'valid_from valid_to weight metadata',
    homeless: 'user_id project_id',
  },
  { kind: 'logs', names: ['embed_logs'], needs: 'id model', homeless: 'status ts err user_id project_id' },
  { kind: 'versions', names: ['schema_version'], needs: 'version applied_at' },
  { kind: 'fullText', names: ['memories_fts'], needs: 'id content' },
  { kind: 'vectors', needs: 'id sector v dim', may: 'user_id project_id' },
];

/** A table of an OpenMemory database. */
export interface OldTable {
  readonly name: string;
  readonly kind: OldKind;
  readonly columns: readonly string[];
}

/** Says what the tables of a database are in OpenMemory, and what of them is unknown there. */
export function classify(shape: ReadonlyMap<string, readonly string[]>): {
  readonly tables: OldTable[];
  /** Tables, and columns as `table.column`. */
  readonly unknown: string[];
} {
  const tables: OldTable[] = [];
  const unknown: string[] = [];
  for (const [name, columns] of shape) {
    const known = KNOWN_TABLES.find(
      (table) =>
        (table.names === undefined || table.names.includes(name)) &&
        words(table.needs).every((word) => columns.includes(word)),
    );
    // Names go into SQL as they are.
    if (!known || !/^\w+$/.test(name)) {
      unknown.push(name);
      continue;
    }
    const understood = allColumns(known);
    const strange = columns.filter((column) => !understood.includes(column));
    // A table under a name of its own may belong to another program altogether.
    if (strange.length > 0 && !known.names) unknown.push(name);
    else unknown.push(...strange.map((column) => `${name}.${column}`));
    tables.push({ name, kind: known.kind, columns });
  }
  return { tables, unknown };
}

/** Every column that a table of this kind has in some release. */
export function columnsOfKind(kind: OldKind): string[] {
  return allColumns(KNOWN_TABLES.find((table) => table.kind === kind)!);
}

function allColumns({ needs, may, homeless }: KnownTable): string[] {
  return [...words(needs), ...words(may), ...words(homeless)];
}

function words(list = ''): string[] {
  return list === '' ? [] : list.split(' ');
}
