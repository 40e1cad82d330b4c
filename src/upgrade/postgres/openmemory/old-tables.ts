import type { OpenMemoryPlace } from '../../../config/postgres-config.js';
import { type Database, selectRows } from '../../../../migrations/postgres/catalog.js';
import { qualified } from '../../../../migrations/postgres/identifiers.js';
import { VERSION_TABLE } from '../../../../migrations/record-tables.js';
import { type OldKind, classify, columnsOfKind } from '../../../../migrations/openmemory/tables.js';
import { kindOf, type ValueKind } from './old-values.js';

export interface OldColumn {
  readonly name: string;
  readonly values: ValueKind;
}

/** A table of OpenMemory on PostgreSQL. */
export interface OldPostgresTable {
  readonly oid: number;
  /** What it is called there. */
  readonly name: string;
  /** What a table of its kind is called in an SQLite file of OpenMemory. */
  readonly as: string;
  readonly kind: OldKind;
  readonly columns: readonly OldColumn[];
  /** Whether the role that asks has its owner's rights. */
  readonly owned: boolean;
}

/** What is found of OpenMemory in a schema. */
export interface OldSchema {
  readonly schema: string;
  /** Whether the role that asks may use the schema. */
  readonly usable: boolean;
  /** None where there are no memories. */
  readonly tables: readonly OldPostgresTable[];
  /** Columns that no release has, as `table.column`, in tables that can be nobody else's. */
  readonly unknown: readonly string[];
  /** The newest version that OpenMemory's own migrations have noted. */
  readonly peerVersion?: string;
  /** For a person: what looks like OpenMemory's and is left alone, and what to do about it. */
  readonly notes: readonly string[];
}

/** Names of tables, with the one that a table of that kind has in an SQLite file. */
interface KnownName {
  readonly as: string;
  readonly names: (place: OpenMemoryPlace) => readonly string[];
  /** Another program may have a table of that name: only exactly the columns of a release make it OpenMemory's. */
  readonly common?: true;
}

const KNOWN_NAMES: readonly KnownName[] = [
  { as: 'memories', names: ({ memories }) => [memories] },
  { as: 'vectors', names: ({ vectors }) => [vectors] },
  { as: 'waypoints', names: () => ['openmemory_waypoints'] },
  { as: 'waypoints_new', names: () => ['openmemory_waypoints_new'] },
  { as: 'users', names: () => ['openmemory_users'] },
  { as: 'embed_logs', names: () => ['openmemory_embed_logs'] },
  {
    as: 'memories_fts',
    names: ({ memories }) => ['openmemory_memories_fts', `${memories}_fts`],
    common: true,
  },
  { as: 'stats', names: () => ['stats'], common: true },
  { as: 'temporal_facts', names: () => ['temporal_facts'], common: true },
  { as: 'temporal_edges', names: () => ['temporal_edges'], common: true },
  { as: VERSION_TABLE, names: () => [VERSION_TABLE], common: true },
];

/** What OpenMemory's own migrations call the versions that they have brought. */
const PEER_VERSIONS = ['1.2.0', '1.3.0'];

interface FoundTable {
  readonly oid: number;
  readonly name: string;
  readonly owned: boolean;
  readonly columns: readonly OldColumn[];
}

/** Looks for OpenMemory's tables in its schema, by their names and columns. Nothing is changed. */
export async function findOldSchema(database: Database, place: OpenMemoryPlace): Promise<OldSchema> {
  const found = await readTables(database, place.schema);
  const tables: OldPostgresTable[] = [];
  const unknown: string[] = [];
  const notes: string[] = [];
  let peerVersion: string | undefined;
  for (const { as, names, common } of KNOWN_NAMES) {
    const table = found.find(
      ({ name }) => names(place).includes(name) && !tables.some((one) => one.name === name),
    );
    if (!table) continue;
    const columns = table.columns.map(({ name }) => name);
    const known = classify(new Map([[as, columns]]));
    if (known.tables.length === 0) continue;
    const { kind } = known.tables[0];
    const strange = columns.filter((column) => !columnsOfKind(kind).includes(column));
    if (common && strange.length > 0) continue;
    if (as === VERSION_TABLE) {
      peerVersion = await readPeerVersion(database, place.schema, table);
      if (peerVersion === undefined) continue;
    }
    unknown.push(...strange.map((column) => `${table.name}.${column}`));
    tables.push({ ...table, as, kind });
  }
  const hasMemories = tables.some(({ kind }) => kind === 'memories');
  notes.push(...lookalikes(found, tables, place, hasMemories));
  const usable = found.length > 0 && (await isUsable(database, place.schema));
  return { schema: place.schema, usable, tables: hasMemories ? tables : [], unknown, peerVersion, notes };
}

/** The tables of OpenMemory that are in a schema. */
export function namesIn(old: OldSchema, schema: string): string[] {
  return old.schema === schema ? old.tables.map(({ name }) => name) : [];
}

/** @returns undefined where the table is another program's, whose migrations may be recorded in one that looks the same */
async function readPeerVersion(
  database: Database,
  schema: string,
  { columns, owned }: FoundTable,
): Promise<string | undefined> {
  const types = columns.map(({ values }) => values);
  if (!owned || !types.every((values) => values === 'text' || values === 'integer')) return undefined;
  const rows = await selectRows<{ version: unknown }>(
    database,
    `SELECT "version" FROM ${qualified(schema, VERSION_TABLE)} LIMIT 100`,
  );
  const versions = rows.map(({ version }) => String(version));
  return versions.every((version) => PEER_VERSIONS.includes(version)) ? versions.sort().at(-1) : undefined;
}

/** Tables that have the columns, and another name than the settings say. */
function lookalikes(
  found: readonly FoundTable[],
  taken: readonly OldPostgresTable[],
  { schema }: OpenMemoryPlace,
  hasMemories: boolean,
): string[] {
  const notes: string[] = [];
  const others = found.filter(({ name }) => !taken.some((table) => table.name === name));
  const wanted: [as: string, setting: string][] = [
    ...(hasMemories ? [] : [['memories', 'OM_PG_TABLE'] as [string, string]]),
    ...(hasMemories && !taken.some(({ as }) => as === 'vectors')
      ? [['vectors', 'OM_VECTOR_TABLE'] as [string, string]]
      : []),
  ];
  for (const { name, columns } of others) {
    for (const [as, setting] of wanted) {
      const { tables, unknown } = classify(new Map([[as, columns.map((column) => column.name)]]));
      if (tables.length === 0 || unknown.length > 0) continue;
      notes.push(
        `${schema}.${name} has the columns of OpenMemory's ${as}, and is left alone: if it is that, set ${setting}=${name}`,
      );
    }
  }
  return notes;
}

async function isUsable(database: Database, schema: string): Promise<boolean> {
  const [{ usable }] = await selectRows<{ usable: boolean }>(
    database,
    `SELECT has_schema_privilege($1, 'USAGE') AS usable`,
    [schema],
  );
  return usable;
}

/** Plain tables alone: a view, or a table in parts, is something that somebody made of them. */
async function readTables(database: Database, schema: string): Promise<FoundTable[]> {
  const rows = await selectRows<Omit<FoundTable, 'columns'> & { readonly columns: string }>(
    database,
    `SELECT c.oid AS oid, c.relname AS name, pg_has_role(c.relowner, 'USAGE') AS owned,
       (SELECT coalesce(json_agg(json_build_array(a.attname, t.typname) ORDER BY a.attnum), '[]')::text
          FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind = 'r' AND NOT c.relispartition
     ORDER BY c.relname COLLATE "C"`,
    [schema],
  );
  return rows.map((row) => ({
    ...row,
    oid: Number(row.oid),
    columns: (JSON.parse(row.columns) as [string, string][]).map(([name, type]) => ({
      name,
      values: kindOf(type),
    })),
  }));
}
