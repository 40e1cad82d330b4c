import type { DatabaseUrl } from './database-url.js';
import { DEFAULT_PORT, type PostgresUrl, systemUser } from './postgres-url.js';
import { DEFAULTS } from './settings.js';
import { named, type SettingReader } from './setting-reader.js';

/* OpenMemory's way to name a PostgreSQL database: OM_METADATA_BACKEND=postgres, and a setting for each part. */

const BACKEND = 'OM_METADATA_BACKEND';
export const PARTS = ['OM_PG_HOST', 'OM_PG_PORT', 'OM_PG_DB', 'OM_PG_USER', 'OM_PG_PASSWORD'] as const;

interface Named {
  readonly setting: string;
  readonly source: string;
  readonly database: DatabaseUrl;
}

/** Whether OM_METADATA_BACKEND asks for PostgreSQL, which leaves OM_DB_PATH without effect as it always did. */
export function isChosen(reader: SettingReader): boolean {
  return reader.value(BACKEND) === 'postgres';
}

/**
 * The database to use, once OM_METADATA_BACKEND and its parts have been heard too. They must not contradict what
 * another setting names. Notes problems and warnings in the reader.
 *
 * @param other what another setting names
 */
export function readConnection(reader: SettingReader, other: Named | undefined): Named | undefined {
  const backend = reader.value(BACKEND);
  if (backend === 'postgres') {
    if (reader.given('OM_DB_PATH')) {
      reader.warnings.push(`OM_DB_PATH has no effect while ${BACKEND} is postgres.`);
    }
    if (other?.database.kind === 'sqlite') reader.disagree([other.setting, BACKEND]);
    else if (other) compareParts(reader, other.setting, other.database.url);
    return other ?? fromParts(reader);
  }
  if (backend === 'sqlite' && other?.database.kind === 'postgres') reader.disagree([other.setting, BACKEND]);
  const parts = PARTS.filter((name) => reader.given(name));
  if (parts.length > 0 && other?.database.kind === 'postgres') {
    const have = parts.length === 1 ? 'has' : 'have';
    reader.warnings.push(`${named(parts)} ${have} no effect unless ${BACKEND} is postgres.`);
  }
  return other;
}

function compareParts(reader: SettingReader, setting: string, url: PostgresUrl): void {
  const stated = [url.host, url.port, url.database, url.user, url.password];
  const different = PARTS.filter((name, at) => {
    const value = reader.value(name);
    return value !== undefined && value !== stated[at];
  });
  if (different.length > 0) reader.disagree([setting, ...different]);
}

function fromParts(reader: SettingReader): Named {
  const user = reader.value('OM_PG_USER') ?? systemUser();
  if (user === '') reader.problems.push('OM_PG_USER is unset: set the role to connect as.');
  const url: PostgresUrl = {
    host: reader.value('OM_PG_HOST') ?? 'localhost',
    port: reader.value('OM_PG_PORT') ?? DEFAULT_PORT,
    database: reader.value('OM_PG_DB') ?? DEFAULTS.legacyDatabase,
    user,
    password: reader.value('OM_PG_PASSWORD'),
    idleOptions: false,
  };
  return { setting: 'OM_PG_HOST', source: BACKEND, database: { kind: 'postgres', url } };
}
