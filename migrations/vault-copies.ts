/**
 * How the rows of a multi-user store come into a vault. `:vault` stands for the vault's id and `:now` for the
 * time. In a select the target's columns are named in the order of its table.
 */
export interface RowCopy {
  readonly from: string;
  /** The table the rows go to; none: all of them go to `legacy_rows`. */
  readonly to?: string;
  /** A select of the rows that go over, for all of the target's columns. */
  readonly select?: string;
  /** The others, with the reason why they stay behind: they are kept as they were in `legacy_rows`. */
  readonly left?: readonly { readonly where: string; readonly reason: string }[];
  /** The row as SQL pairs of name and value, for `legacy_rows`; binary columns in hex. */
  readonly row?: string;
}

const KNOWN = 'EXISTS (SELECT 1 FROM memories m WHERE m.id =';
const BOTH_ENDS = `${KNOWN} old.src_id) AND ${KNOWN} old.dst_id)`;
/** Edges of two users between the same two memories become one. */
const FIRST_OF_PAIR = `NOT EXISTS (SELECT 1 FROM waypoints twin
  WHERE twin.src_id = old.src_id AND twin.dst_id = old.dst_id AND twin.user_id < old.user_id)`;
const OWNER_OF = (id: string) => `(SELECT coalesce(m.user_id, '') FROM memories m WHERE m.id = ${id})`;

/** In this order: later ones look at the memories of the old table. */
export const rowCopies: readonly RowCopy[] = [
  {
    from: 'memories',
    to: 'memories',
    // Position is arrival order among the memories of one owner.
    select: `SELECT :vault, old.id, coalesce(old.user_id, ''), NULL, NULL,
        row_number() OVER (PARTITION BY coalesce(old.user_id, '') ORDER BY coalesce(old.created_at, 0), old.id) - 1,
        old.content, old.primary_sector,
        (SELECT json_group_array(sector) FROM (
          SELECT old.primary_sector AS sector UNION ALL
          SELECT * FROM (SELECT v.sector FROM vectors v
                         WHERE v.id = old.id AND v.sector <> old.primary_sector ORDER BY v.sector))),
        coalesce(old.tags, '[]'), coalesce(old.meta, '{}'), sha256_hex(old.content),
        coalesce(old.salience, 0.0), coalesce(old.decay_lambda, 0.0),
        coalesce(old.last_seen_at, old.updated_at, old.created_at, 0), coalesce(old.version, 1),
        coalesce(old.created_at, 0), coalesce(old.updated_at, old.created_at, 0), NULL
      FROM memories old`,
  },
  {
    from: 'vectors',
    to: 'vectors',
    select: `SELECT :vault, old.id, old.sector, 'openmemory', ${OWNER_OF('old.id')}, old.dim, old.v
      FROM vectors old WHERE ${KNOWN} old.id)`,
    left: [{ where: `NOT ${KNOWN} old.id)`, reason: 'its memory is missing' }],
    row: `'id', id, 'sector', sector, 'user_id', user_id, 'dim', dim, 'v', hex(v)`,
  },
  {
    from: 'waypoints',
    to: 'waypoints',
    select: `SELECT :vault, old.src_id, old.dst_id, 'similar', ${OWNER_OF('old.src_id')}, old.weight, '{}',
        coalesce(old.created_at, 0), coalesce(old.updated_at, old.created_at, 0)
      FROM waypoints old WHERE ${BOTH_ENDS} AND ${FIRST_OF_PAIR}`,
    left: [
      { where: `NOT (${BOTH_ENDS})`, reason: 'a memory at one of its ends is missing' },
      { where: `${BOTH_ENDS} AND NOT ${FIRST_OF_PAIR}`, reason: 'there is such an edge already' },
    ],
    row: `'src_id', src_id, 'dst_id', dst_id, 'user_id', user_id, 'weight', weight,
      'created_at', created_at, 'updated_at', updated_at`,
  },
  {
    from: 'users',
    to: 'users',
    select: `SELECT :vault, coalesce(old.user_id, ''), old.summary, 0, coalesce(old.reflection_count, 0),
        coalesce(old.created_at, 0), coalesce(old.updated_at, old.created_at, 0)
      FROM users old`,
  },
  {
    from: 'stats',
    to: 'stats',
    // Two events of one type in the same millisecond stay two.
    select: `SELECT :vault, '', old.type, old.ts, json_object('id', old.id), coalesce(old.count, 1) FROM stats old`,
  },
  {
    from: 'embed_logs',
    left: [{ where: '1', reason: 'a log that nothing reads' }],
    row: `'id', id, 'model', model, 'status', status, 'ts', ts, 'err', err`,
  },
];
