import { relative, resolve, isAbsolute, join } from 'node:path';
import type { Config, SqliteConfig } from './config.js';
import type { DatabaseUrl } from './database-url.js';
import { isChosen, PARTS, readConnection } from './legacy-postgres.js';
import { POSTGRES_ONLY, readPostgres } from './postgres-settings.js';
import { readRegistry } from './registry.js';
import { DEFAULTS } from './settings.js';
import { has, named, type SettingReader } from './setting-reader.js';

/** A database that a setting names outright. */
interface NamedDatabase {
  readonly setting: string;
  /** For the log. */
  readonly source: string;
  readonly database: DatabaseUrl;
}

/** Which database to use; relative paths start at `cwd`. Notes problems and warnings in the reader. */
export function readDatabase(reader: SettingReader, cwd: string): Config['database'] {
  const found = namedDatabases(reader, cwd);
  const identities = new Set(found.map(({ database }) => identity(database, cwd)));
  if (identities.size > 1) reader.disagree(found.map(({ setting }) => setting));
  const first = readConnection(reader, found[0]);
  if (first?.database.kind === 'postgres') {
    const { setting, source, database } = first;
    return readPostgres(reader, { url: database.url, setting, source }, cwd);
  }
  return readSqlite(reader, cwd, first && { path: first.database.path, source: first.source });
}

function readSqlite(
  reader: SettingReader,
  cwd: string,
  given: { path: string; source: string } | undefined,
): SqliteConfig {
  const { path, source } = given ?? unnamedFile(reader);
  const database: SqliteConfig = { url: `sqlite:${path}`, kind: 'sqlite', path: resolve(cwd, path), source };
  for (const setting of ['DATABASE_MIGRATOR_URL', 'DATABASE_OPERATOR_URL', 'DATABASE_ADMIN_URL'] as const) {
    const other = reader.value(setting);
    if (other !== undefined && (other.kind !== 'sqlite' || resolve(cwd, other.path) !== database.path)) {
      reader.problems.push(
        `${setting} names another database: with SQLite commands and service share one file, so leave it unset.`,
      );
    }
  }
  const idle = [...PARTS, ...POSTGRES_ONLY].filter((name) => reader.given(name));
  if (idle.length > 0) {
    reader.warnings.push(`${named(idle)} ${has(idle)} no effect on SQLite.`);
  }
  warnOfVolume(reader, cwd, database);
  return database;
}

function namedDatabases(reader: SettingReader, cwd: string): NamedDatabase[] {
  const found: NamedDatabase[] = [];
  const add = (setting: string, database: DatabaseUrl | undefined, source = setting) => {
    if (database !== undefined) found.push({ setting, source, database });
  };
  const addFile = (setting: 'OM_DB_PATH' | 'DATABASE_PATH') => {
    const path = reader.value(setting);
    if (path !== undefined) add(setting, { kind: 'sqlite', path });
  };
  add('DATABASE_URL', reader.value('DATABASE_URL'));
  if (!isChosen(reader)) addFile('OM_DB_PATH');
  addFile('DATABASE_PATH');

  const registry = 'MEMORY_POSTGRES_PROJECT_REGISTRY';
  if (reader.given('DATABASE_URL')) {
    const unused = ([registry, 'MEMORY_ACTIVE_PROJECT'] as const).filter((name) => reader.given(name));
    if (unused.length > 0) {
      reader.warnings.push(`DATABASE_URL is set, so ${unused.join(' and ')} will not be used.`);
    }
  } else if (reader.given(registry)) {
    const entry = readRegistry(reader, cwd);
    add(registry, entry?.database, `registry entry ${JSON.stringify(entry?.name)}`);
  } else if (reader.given('MEMORY_ACTIVE_PROJECT')) {
    reader.problems.push(
      `MEMORY_ACTIVE_PROJECT names an entry of a registry, and there is none: set ${registry}, or DATABASE_URL.`,
    );
  }
  return found;
}

/** What two settings have to have in common to name the same database. */
function identity(database: DatabaseUrl, cwd: string): string {
  if (database.kind === 'sqlite') return resolve(cwd, database.path);
  const { host, port, user, database: name, password } = database.url;
  return JSON.stringify([host, port, name, user, password]);
}

function unnamedFile(reader: SettingReader): { path: string; source: string } {
  const volume = reader.value('RAILWAY_VOLUME_MOUNT_PATH');
  return volume === undefined
    ? { path: DEFAULTS.databasePath, source: 'default' }
    : { path: join(volume, 'cairn.sqlite'), source: 'RAILWAY_VOLUME_MOUNT_PATH' };
}

/** On Railway only the volume outlives a deployment. */
function warnOfVolume(reader: SettingReader, cwd: string, database: SqliteConfig): void {
  const volume = reader.value('RAILWAY_VOLUME_MOUNT_PATH');
  if (volume === undefined) return;
  const inside = relative(resolve(cwd, volume), database.path);
  if (inside.startsWith('..') || isAbsolute(inside)) {
    reader.warnings.push(
      `The database set by ${database.source} lies outside RAILWAY_VOLUME_MOUNT_PATH, so a new deployment loses it.`,
    );
  }
}
