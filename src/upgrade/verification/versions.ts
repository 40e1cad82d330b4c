import type Database from 'better-sqlite3';
import { steps } from '../../../migrations/chain.js';
import { MIGRATIONS_TABLE, VERSION_TABLE } from '../../../migrations/record-tables.js';
import type { Report } from './finding.js';

/** Whether both records of what was migrated say that everything was, once and in order. */
export function verifyVersions(database: Database.Database, report: Report): void {
  const { names, versions } = readRecords(database);
  for (const { name, version } of steps) {
    const times = names.filter((each) => each === name).length;
    if (times !== 1)
      report(
        'versions',
        `${MIGRATIONS_TABLE} names ${name} ${times === 0 ? 'not at all' : `${times} times`}`,
      );
    if (!versions.includes(version)) report('versions', `${VERSION_TABLE} lacks ${version}`);
  }
  const known = names.filter((name) => steps.some((step) => step.name === name));
  const inOrder = steps.map(({ name }) => name).filter((name) => known.includes(name));
  if (known.length === inOrder.length && known.join() !== inOrder.join()) {
    report(
      'versions',
      `${MIGRATIONS_TABLE} does not name the migrations in their order: ${known.join(', ')}`,
    );
  }
}

/** Whether both records agree that it is an older database, which is to be migrated and not to be verified. */
export function isOlder(database: Database.Database): boolean {
  const { names, versions } = readRecords(database);
  const missing = steps.filter(({ name }) => !names.includes(name));
  return missing.length > 0 && missing.every(({ version }) => !versions.includes(version));
}

function readRecords(database: Database.Database): { names: string[]; versions: string[] } {
  const names = database.prepare(`SELECT "name" FROM "${MIGRATIONS_TABLE}" ORDER BY "id"`).pluck().all();
  const versions = database.prepare(`SELECT "version" FROM "${VERSION_TABLE}"`).pluck().all();
  return { names: names as string[], versions: versions as string[] };
}
