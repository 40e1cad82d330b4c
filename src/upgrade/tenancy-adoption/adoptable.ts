import { accessSync, closeSync, constants, existsSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { recognise } from '../recognise.js';
import { shellWord } from '../shell-word.js';
import { openReadOnly } from '../sqlite-file.js';
import { allColumns, findTable, hasColumn, tableNames } from './database-tables.js';
import { METAMORPH_SIGNS } from './metamorph-tables.js';
import { columnObstacle } from './vault-column.js';

const NAMES_SHOWN = 12;

/**
 * Whether the tables of this database can be given vaults; nothing in it is changed.
 *
 * @param tables their names; undefined: those of Metamorph
 * @returns what it is, in words that complete "This is …"
 * @throws MigrationRefusedError saying what it is instead, and what to do
 */
export function checkAdoptable(path: string, tables?: readonly string[]): string {
  if (!existsSync(path)) throw new MigrationRefusedError(`There is no file ${path}.`);
  if (!statSync(path).isFile()) throw new MigrationRefusedError(`${path} is no file.`);
  const { kind, description } = recognise(path);
  const is = `${path} is ${description}`;
  if (kind === 'empty') throw new MigrationRefusedError(`${is}: there is nothing in it to be adopted.`);
  if (kind === 'cairn') {
    throw new MigrationRefusedError(`${is}, which has vaults already. Nothing was changed.`);
  }
  if (kind === 'openmemory') {
    throw new MigrationRefusedError(
      `${is}, and was left as it is. Cairn takes it over, with vaults, by\n` +
        `  DATABASE_URL=${shellWord(`sqlite:${path}`)} npm run migration:run`,
    );
  }
  const database = openReadOnly(path);
  try {
    const problem = tables ? noneOf(database, tables) : foreign(database);
    if (problem) throw new MigrationRefusedError(`${is}. ${problem} Nothing was changed.`);
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'SQLITE_NOTADB') throw error;
    throw new MigrationRefusedError(`${is}. It was left as it is.`);
  } finally {
    database.close();
  }
  return description;
}

/**
 * A file without leave to write is left alone, even where the system would let us: somebody has set it so.
 *
 * @throws MigrationRefusedError with the command that gives leave
 */
export function checkWritable(path: string): void {
  const folder = dirname(path);
  if ((statSync(path).mode & 0o222) === 0 || !succeeds(() => closeSync(openSync(path, 'r+')))) {
    throw new MigrationRefusedError(
      `${path} is read-only, and was left as it is. Its owner can change that:\n  chmod u+w ${shellWord(path)}`,
    );
  }
  if (!succeeds(() => accessSync(folder, constants.W_OK))) {
    throw new MigrationRefusedError(
      `Nothing can be written into ${folder}, where SQLite's journal and the backup go. ` +
        'Run this as somebody who may, or on a copy elsewhere. Nothing was changed.',
    );
  }
}

function succeeds(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch {
    return false;
  }
}

/** One table of Metamorph's is enough: not every database has all of them. */
function foreign(database: Database.Database): string | undefined {
  const isMetamorph = Object.entries(METAMORPH_SIGNS).some(([table, signs]) => {
    if (findTable(database, table)?.type !== 'table') return false;
    const columns = allColumns(database, table);
    return signs.every((sign) => hasColumn(columns, sign));
  });
  if (isMetamorph) return undefined;
  return 'No table in it is as Metamorph makes it. Of another program, name the tables: --tables a,b,c instead of --preset metamorph.';
}

function noneOf(database: Database.Database, tables: readonly string[]): string | undefined {
  const obstacles = tables.map((table) => [table, columnObstacle(database, table)] as const);
  if (obstacles.some(([, obstacle]) => obstacle === undefined)) return undefined;
  const reasons = obstacles.map(([table, obstacle]) => `${table}: ${obstacle}`).join('; ');
  const names = tableNames(database);
  const shown = names.slice(0, NAMES_SHOWN).join(', ') + (names.length > NAMES_SHOWN ? ', …' : '');
  return `None of these can have a vault: ${reasons}. Its tables are: ${shown}.`;
}
