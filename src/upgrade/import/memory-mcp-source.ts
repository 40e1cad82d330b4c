import { basename } from 'node:path';
import { isObject, parsedJson } from '../../memories/stored-json.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { MEMORY_MCP, type MemoryMcpRow, outcomeOf } from './memory-mcp.js';
import { readLive } from './memory-mcp-live.js';
import { type McpServer, isPostgresAddress, serverOf } from './memory-mcp-server.js';
import { MemoryMcpStaging, type StagedRow } from './memory-mcp-staging.js';
import { type McpTable, levelOf, mcpTable, ownTables } from './memory-mcp-tables.js';
import type { Link, Outcome } from './outcome.js';
import { PgDumpReader, keyOf } from './pg-dump-reader.js';
import { DROPPED, isSecretName, withoutSecretMembers } from './secrets.js';
import type { ImportSource } from './source.js';
import { beginningOf, refuseCompressed, sizeOf } from './source-file.js';

export interface MemoryMcpOptions {
  readonly withSecrets?: boolean;
  /** Which entry of a file of projects is meant. */
  readonly project?: string;
  /** What made the embeddings. */
  readonly embeddingModel?: string;
  /** Gets how much of the source is read, before the import begins. */
  readonly reading?: (done: number, size: number, unit: string) => void;
}

/** Metadata that hold settings, and with them perhaps what lets somebody in; those of memories are what people wrote. */
const SETTINGS: readonly McpTable[] = ['memory_indexes', 'memory_usage_log'];
const UNKNOWN_MODEL = `${MEMORY_MCP}/unknown`;
/** Tables of others that are named. */
const MOST_SHOWN = 20;

/** A database of Memory MCP, from its server or from a dump. */
export class MemoryMcpSource implements ImportSource<MemoryMcpRow> {
  readonly system = MEMORY_MCP;
  readonly unit = 'rows';
  readonly vaultPrefix = 'mcp-';
  readonly size: number;
  readonly fingerprint: string;

  private constructor(
    readonly name: string,
    private readonly staging: MemoryMcpStaging,
    readonly notes: readonly string[],
    private readonly options: MemoryMcpOptions,
  ) {
    this.size = staging.size;
    this.fingerprint = staging.fingerprint;
  }

  /**
   * @param from a postgres:// URL, a file of projects, or a dump
   * @throws MigrationRefusedError saying what is wrong with it
   */
  static async open(from: string, options: MemoryMcpOptions): Promise<MemoryMcpSource> {
    const server =
      isPostgresAddress(from) || from.endsWith('.json') ? serverOf(from, options.project) : undefined;
    if (server === undefined && options.project !== undefined)
      throw new MigrationRefusedError(
        '--project goes with a file of projects, such as config/projects.json.',
      );
    const staging = new MemoryMcpStaging();
    try {
      const read = server
        ? await readServer(server, staging, options)
        : await readDump(from, staging, options);
      staging.finish();
      const model = options.embeddingModel === undefined ? [UNKNOWN_MODEL_NOTE] : [];
      return new MemoryMcpSource(read.name, staging, [...read.notes, ...model], options);
    } catch (error) {
      staging.close();
      throw error;
    }
  }

  async *rows(): AsyncGenerator<MemoryMcpRow> {
    await Promise.resolve();
    let ordinal = 0;
    for (const staged of this.staging.rows()) {
      ordinal += 1;
      yield { ...this.row(staged), ordinal, at: ordinal };
    }
  }

  outcomeOf(row: MemoryMcpRow): Outcome {
    return outcomeOf(row);
  }

  keptText({ keptText }: MemoryMcpRow): string {
    return keptText;
  }

  close(): void {
    this.staging.close();
  }

  private row(staged: StagedRow): Omit<MemoryMcpRow, 'ordinal' | 'at'> {
    const { table, key, project, text } = staged;
    const whole = JSON.parse(text) as Record<string, string | null>;
    const values = this.options.withSecrets ? whole : withoutSecrets(table, whole);
    const index = values.index_id ?? undefined;
    return {
      ...{ table, key: key ?? undefined, vault: project ?? '', text, values },
      keptText: values === whole ? text : JSON.stringify(values),
      index: index === undefined ? undefined : this.staging.indexName(index),
      model: this.options.embeddingModel ?? UNKNOWN_MODEL,
      ...(table === 'memories' && key !== null ? this.aroundMemory(staged, key, values) : {}),
      ...(table === 'memory_relationships' ? { apart: this.apart(project, values) } : {}),
    };
  }

  private aroundMemory(
    staged: StagedRow,
    key: string,
    values: MemoryMcpRow['values'],
  ): Pick<MemoryMcpRow, 'links' | 'notes'> {
    const links = this.staging.refsOf(staged).map(({ other, type, isReversed }): Link => ({
      to: { table: 'memories', key: other },
      type,
      isReversed,
    }));
    const notes: string[] = [];
    const newer = values.superseded_by_id ?? null;
    const isElsewhere = newer !== null && this.staging.projectOf(newer) !== staged.project;
    if (isElsewhere) notes.push('what supersedes it is not in its project, so it is not hidden from search');
    if (this.staging.missingOf(key) > 0) notes.push('a memory that it names is missing');
    return { links, notes };
  }

  private apart(project: string | null, values: MemoryMcpRow['values']): string | undefined {
    const projects = [values.source_id, values.target_id].map((id) => this.staging.projectOf(id ?? ''));
    if (projects.includes(undefined) || projects.every((one) => one === project)) return undefined;
    return projects[0] === projects[1]
      ? 'its ends are in another project than itself'
      : 'its ends are in two projects';
  }
}

const UNKNOWN_MODEL_NOTE = `Which model made the embeddings stands nowhere, so they are kept under ${UNKNOWN_MODEL}; --embedding-model names it`;

interface Read {
  readonly name: string;
  readonly notes: readonly string[];
}

async function readServer(
  server: McpServer,
  staging: MemoryMcpStaging,
  options: MemoryMcpOptions,
): Promise<Read> {
  const { schema, version, others } = await readLive(server, staging, (done, size) =>
    options.reading?.(done, size, 'rows fetched'),
  );
  return {
    name: server.name,
    notes: [`Memory MCP, ${levelOf(schema)}, on PostgreSQL ${version}`, ...leftAlone(others)],
  };
}

/** Reads all of a dump; what it refuses it has refused before anything is imported. */
async function readDump(path: string, staging: MemoryMcpStaging, options: MemoryMcpOptions): Promise<Read> {
  const size = sizeOf(path);
  refuseOtherFormats(path);
  const homes = new Map<string, McpTable>();
  const reader = await PgDumpReader.open(path, (table, columns) => {
    const own = mcpTable(table.name, columns);
    if (own) homes.set(keyOf(table), own);
    return own !== undefined;
  });
  let shown = 0;
  for await (const { table, columns, values } of reader.rows()) {
    staging.add(homes.get(keyOf(table))!, columns, values);
    if (reader.done - shown < 1024 * 1024) continue;
    shown = reader.done;
    options.reading?.(shown, size, 'bytes read');
  }
  const tables = ownTables(path, reader.tables);
  const others = [...reader.tables]
    .filter(([key]) => !tables.has(key))
    .map(([key, { schema, name }]) => `${schema}.${name} (${rowsIn(reader.others.get(key) ?? 0)})`);
  const columns = new Map([...tables.values()].map((table) => [table.name as McpTable, table.columns]));
  return {
    name: basename(path),
    notes: [`Memory MCP, ${levelOf({ columns, indexes: reader.indexes })}`, ...leftAlone(others)],
  };
}

function withoutSecrets(
  table: McpTable,
  values: Readonly<Record<string, string | null>>,
): Readonly<Record<string, string | null>> {
  const clean: Record<string, string | null> = {};
  let differs = false;
  for (const [column, value] of Object.entries(values)) {
    clean[column] = value !== null && value !== '' ? cleaned(table, column, value) : value;
    if (clean[column] !== value) differs = true;
  }
  return differs ? clean : values;
}

function cleaned(table: McpTable, column: string, value: string): string {
  if (isSecretName(column)) return DROPPED;
  if (column !== 'metadata' || !SETTINGS.includes(table)) return value;
  const settings = parsedJson(value);
  if (!isObject(settings)) return value;
  const clean = withoutSecretMembers(settings);
  return clean === settings ? value : JSON.stringify(clean);
}

/** @throws MigrationRefusedError for what pg_dump writes in other formats */
function refuseOtherFormats(path: string): void {
  const beginning = beginningOf(path, 16);
  if (beginning.toString('latin1').startsWith('PGDMP')) {
    throw new MigrationRefusedError(
      `${path} is a dump in pg_dump's own format: make it plain by pg_restore -f dump.sql ${basename(path)}.`,
    );
  }
  refuseCompressed(path, beginning);
}

/** @param names of tables of others */
function leftAlone(names: readonly string[]): string[] {
  if (names.length === 0) return [];
  const more = names.length > MOST_SHOWN ? ` and ${names.length - MOST_SHOWN} more` : '';
  return [`Left alone, since they are not Memory MCP's: ${names.slice(0, MOST_SHOWN).join(', ')}${more}`];
}

function rowsIn(n: number): string {
  return `${n} ${n === 1 ? 'row' : 'rows'}`;
}
