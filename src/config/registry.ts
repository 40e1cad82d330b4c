import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { type DatabaseUrl, databaseUrl } from './database-url.js';
import type { SettingReader } from './setting-reader.js';

const REGISTRY = 'MEMORY_POSTGRES_PROJECT_REGISTRY';
const ACTIVE = 'MEMORY_ACTIVE_PROJECT';
const FORM = '{"<name>": {"databaseUrl": "postgres://… or sqlite:PATH"}}';

const registrySchema = z.record(z.string(), z.object({ databaseUrl: z.string() }));

/** The entry of a project registry that is to be used. */
export interface RegistryEntry {
  name: string;
  database: DatabaseUrl;
}

/**
 * Reads the active entry of the project registry: a JSON object of names and database URLs, in the variable
 * itself or in the file it names. Without MEMORY_ACTIVE_PROJECT the only entry is the active one.
 *
 * @returns undefined when something is wrong, which the reader has been told
 */
export function readRegistry(reader: SettingReader, cwd: string): RegistryEntry | undefined {
  const raw = reader.value(REGISTRY);
  if (raw === undefined) return undefined;
  const refuse = (sentence: string) => void reader.problems.push(`${REGISTRY} ${sentence}.`);

  const registry = parse(raw, cwd, refuse);
  if (registry === undefined) return undefined;
  const names = Object.keys(registry);
  const active = reader.value(ACTIVE) ?? (names.length === 1 ? names[0] : undefined);
  if (active === undefined) {
    return refuse(`holds ${names.length} entries: set ${ACTIVE} to the name of the one to use`);
  }
  if (!Object.hasOwn(registry, active)) {
    const known = names.map((name) => JSON.stringify(name)).join(', ');
    return refuse(`has no entry ${JSON.stringify(active)}, which ${ACTIVE} names; it has ${known || 'none'}`);
  }
  const url = databaseUrl.safeParse(registry[active].databaseUrl);
  if (!url.success) {
    return refuse(`entry ${JSON.stringify(active)}: its databaseUrl ${url.error.issues[0].message}`);
  }
  return { name: active, database: url.data };
}

function parse(raw: string, cwd: string, refuse: (sentence: string) => void) {
  let json = raw;
  if (!raw.startsWith('{')) {
    try {
      json = readFileSync(resolve(cwd, raw), 'utf8');
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
      return refuse(`names a file that cannot be read (${code}): set a JSON file's path, or ${FORM}`);
    }
  }
  let value: unknown;
  try {
    value = JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch {
    // The parser's own message quotes the text, passwords included.
    return refuse(`is not valid JSON: write ${FORM}`);
  }
  const registry = registrySchema.safeParse(value);
  if (!registry.success) return refuse(`must be of the form ${FORM}`);
  return registry.data;
}
