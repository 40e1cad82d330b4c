import { readFileSync } from 'node:fs';
import type { PostgresServer } from '../../config/postgres-config.js';
import { readTls } from '../../config/postgres-tls.js';
import { publicUrl, readPostgresUrl } from '../../config/postgres-url.js';
import { SettingReader } from '../../config/setting-reader.js';
import { isObject } from '../../memories/stored-json.js';
import { MigrationRefusedError } from '../migration-refused.error.js';

/** Where a database of Memory MCP is. */
export interface McpServer {
  /** For messages: without a password. */
  readonly name: string;
  /** What it was named by, for messages. */
  readonly setting: string;
  readonly server: PostgresServer;
}

/** The guide's name for the variable that says which entry is used. */
const ACTIVE = 'MEMORY_ACTIVE_PROJECT';

export function isPostgresAddress(text: string): boolean {
  return /^postgres(ql)?:\/\//i.test(text);
}

/**
 * @param from a postgres:// URL, or a file of projects: `{"NAME": {"databaseUrl": "postgres://…"}}`
 * @param project which of its entries; without it that of MEMORY_ACTIVE_PROJECT, or the only one
 * @throws MigrationRefusedError saying what is wrong, without a password
 */
export function serverOf(from: string, project: string | undefined): McpServer {
  if (!isPostgresAddress(from)) return entryOf(from, project);
  if (project !== undefined)
    throw new MigrationRefusedError('--project goes with a file of projects, such as config/projects.json.');
  return serverAt(from, 'The URL of the import');
}

function entryOf(file: string, project: string | undefined): McpServer {
  const entries = projectsIn(file);
  const names = [...entries.keys()];
  const name = project ?? (process.env[ACTIVE] || undefined) ?? (names.length === 1 ? names[0] : undefined);
  const known = names.map((one) => JSON.stringify(one)).join(', ');
  if (name === undefined)
    throw new MigrationRefusedError(
      `${file} has several projects (${known}): --project NAME says which one.`,
    );
  const url = entries.get(name);
  if (url === undefined) {
    const named = project === undefined ? `${ACTIVE} names` : '--project names';
    throw new MigrationRefusedError(
      `${named} ${JSON.stringify(name)}, and ${file} has ${names.length === 0 ? 'no projects' : `only ${known}`}.`,
    );
  }
  return serverAt(url, `The databaseUrl of ${JSON.stringify(name)} in ${file}`);
}

/** The URLs by the names of the projects. Messages hold nothing of what stands in the file but those. */
function projectsIn(file: string): Map<string, string> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
    throw new MigrationRefusedError(`${file} cannot be read (${code}).`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    throw new MigrationRefusedError(`${file} is not JSON.`);
  }
  if (!isObject(value))
    throw new MigrationRefusedError(`${file} is no file of projects: it holds no object of them by name.`);
  return new Map(
    Object.entries(value).map(([name, entry]) => {
      const url = isObject(entry) ? entry.databaseUrl : undefined;
      if (typeof url === 'string' && url !== '') return [name, url];
      throw new MigrationRefusedError(
        `${file} is no file of projects: ${JSON.stringify(name)} has no databaseUrl.`,
      );
    }),
  );
}

function serverAt(raw: string, setting: string): McpServer {
  const url = readPostgresUrl(raw);
  if (typeof url === 'string') throw new MigrationRefusedError(`${setting} ${url}.`);
  // What is set for Cairn's own database says nothing of this one.
  const reader = new SettingReader({});
  const tls = readTls(reader, setting, url, process.cwd());
  if (reader.problems.length > 0) throw new MigrationRefusedError(reader.problems.join(' '));
  const { host, port, database, user, password, applicationName, connectTimeoutMs, options } = url;
  const server: PostgresServer = {
    ...{ host, port, database, user, password, tls, applicationName, connectTimeoutMs, options },
  };
  return { name: publicUrl(server), setting, server };
}
