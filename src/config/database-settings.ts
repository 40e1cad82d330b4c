import { relative, resolve, isAbsolute, join } from 'node:path';
import type { SqliteConfig } from './config.js';
import { readRegistry } from './registry.js';
import { DEFAULTS } from './settings.js';
import type { SettingReader } from './setting-reader.js';

type Database = SqliteConfig;

/** Which database to use; relative paths start at `cwd`. Notes problems and warnings in the reader. */
export function readDatabase(reader: SettingReader, cwd: string): Database {
  const named = namedDatabases(reader, cwd);
  if (new Set(named.map(({ path }) => path)).size > 1) reader.disagree(named.map(({ setting }) => setting));
  const database: Database = named[0] ?? unnamedDatabase(reader, cwd);

  const migratorPath = reader.value('DATABASE_MIGRATOR_URL');
  if (migratorPath !== undefined && resolve(cwd, migratorPath) !== database.path) {
    reader.problems.push(
      'DATABASE_MIGRATOR_URL names another file than the database: ' +
        'with SQLite commands and service share one file, so leave it unset.',
    );
  }
  if (reader.given('DATABASE_SCHEMA')) {
    reader.warnings.push('DATABASE_SCHEMA has no effect on SQLite; PostgreSQL support is not there yet.');
  }
  warnOfVolume(reader, cwd, database);
  return { url: database.url, kind: 'sqlite', path: database.path, source: database.source };
}

/** The databases that settings name outright. */
function namedDatabases(reader: SettingReader, cwd: string): (Database & { setting: string })[] {
  const found: (Database & { setting: string })[] = [];
  const add = (setting: string, path: string | undefined, source = setting) => {
    if (path !== undefined) found.push({ setting, ...sqlite(resolve(cwd, path), source, path) });
  };
  add('DATABASE_URL', reader.value('DATABASE_URL'));
  add('OM_DB_PATH', reader.value('OM_DB_PATH'));
  add('DATABASE_PATH', reader.value('DATABASE_PATH'));

  const registry = 'MEMORY_POSTGRES_PROJECT_REGISTRY';
  if (reader.given('DATABASE_URL')) {
    const unused = ([registry, 'MEMORY_ACTIVE_PROJECT'] as const).filter((name) => reader.given(name));
    if (unused.length > 0) {
      reader.warnings.push(`DATABASE_URL is set, so ${unused.join(' and ')} will not be used.`);
    }
  } else if (reader.given(registry)) {
    const entry = readRegistry(reader, cwd);
    add(registry, entry?.path, `registry entry ${JSON.stringify(entry?.name)}`);
  } else if (reader.given('MEMORY_ACTIVE_PROJECT')) {
    reader.problems.push(
      `MEMORY_ACTIVE_PROJECT names an entry of a registry, and there is none: set ${registry}, or DATABASE_URL.`,
    );
  }
  return found;
}

function unnamedDatabase(reader: SettingReader, cwd: string): Database {
  const volume = reader.value('RAILWAY_VOLUME_MOUNT_PATH');
  if (volume === undefined)
    return sqlite(resolve(cwd, DEFAULTS.databasePath), 'default', DEFAULTS.databasePath);
  const path = join(volume, 'cairn.sqlite');
  return sqlite(resolve(cwd, path), 'RAILWAY_VOLUME_MOUNT_PATH', path);
}

function sqlite(path: string, source: string, given: string): Database {
  return { url: `sqlite:${given}`, kind: 'sqlite', path, source };
}

/** On Railway only the volume outlives a deployment. */
function warnOfVolume(reader: SettingReader, cwd: string, database: Database): void {
  const volume = reader.value('RAILWAY_VOLUME_MOUNT_PATH');
  if (volume === undefined) return;
  const inside = relative(resolve(cwd, volume), database.path);
  if (inside.startsWith('..') || isAbsolute(inside)) {
    reader.warnings.push(
      `The database set by ${database.source} lies outside RAILWAY_VOLUME_MOUNT_PATH, so a new deployment loses it.`,
    );
  }
}
