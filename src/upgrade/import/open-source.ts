import { MigrationRefusedError } from '../migration-refused.error.js';
import type { JsonFormat } from './json-source.js';
import { JsonSource } from './json-source.js';
import { mem0 } from './mem0.js';
import { MEMORY_MCP } from './memory-mcp.js';
import { type MemoryMcpOptions, MemoryMcpSource } from './memory-mcp-source.js';
import { METAMORPH } from './metamorph.js';
import { MetamorphSource } from './metamorph-source.js';
import { jsonl, openmemoryExport } from './openmemory-export.js';
import type { ImportSource } from './source.js';
import { supermemory } from './supermemory.js';
import { zep } from './zep.js';

const FORMATS: Readonly<Record<string, JsonFormat>> = {
  jsonl,
  mem0,
  openmemory: openmemoryExport,
  supermemory,
  zep,
};

/** What `--from` may name. */
export const SOURCES: readonly string[] = [METAMORPH, MEMORY_MCP, ...Object.keys(FORMATS)];

export interface SourceOptions extends MemoryMcpOptions {
  /** The folder of Metamorph's session files. */
  readonly sessions?: string;
  /** What it is called for people, where that is not the file's name. */
  readonly name?: string;
  /** What lets somebody in is kept with the rest. */
  readonly withSecrets?: boolean;
}

/** Opens what an import reads. @throws MigrationRefusedError saying what is wrong with it */
export async function openSource(
  from: string,
  path: string,
  options: SourceOptions = {},
): Promise<ImportSource> {
  if (from === METAMORPH) return MetamorphSource.open(path, options);
  if (from === MEMORY_MCP && options.sessions === undefined) return MemoryMcpSource.open(path, options);
  if (options.sessions !== undefined)
    throw new MigrationRefusedError('--sessions goes with --from metamorph.');
  if (Object.hasOwn(FORMATS, from)) return JsonSource.open(path, FORMATS[from], options.name);
  throw new MigrationRefusedError(`There is nothing to import from ${from}.`);
}
