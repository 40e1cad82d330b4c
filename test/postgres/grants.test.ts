import { describe, expect, it } from 'vitest';
import { columnNames } from '../../migrations/ddl.js';
import { APP_TABLES, OPERATOR_TABLES, appPrivileges } from '../../migrations/postgres/grants.js';
import { vaultTables } from '../../migrations/vault-tables.js';
import { directorySql } from '../../src/database/vault-directory.js';
import { SERVICE_STATEMENTS } from '../../src/upgrade/service-statements.js';

/** What statements need that are made in rare states only, and so are not in the list. */
const RARE: Readonly<Record<string, string>> = {
  'memory_versions: UPDATE (content)': 'texts that JavaScript cannot give back as they are',
  'memory_versions: UPDATE (primary_sector)': 'the same',
  'memory_versions: UPDATE (sectors)': 'the same',
  'memory_versions: UPDATE (tags)': 'the same',
  'memory_versions: UPDATE (metadata)': 'the same',
};

/** The changes that the service's statements make, such as `stats: UPDATE (count)`. */
function changesMade(): Set<string> {
  return new Set(
    SERVICE_STATEMENTS.flatMap((sql) => {
      const [, deleted] = /^DELETE FROM "(\w+)"/.exec(sql) ?? [];
      if (deleted !== undefined) return [`${deleted}: DELETE`];
      const [, updated, set] = /^UPDATE "(\w+)" SET (.*?) WHERE /.exec(sql) ?? [];
      if (updated === undefined) return [];
      return [...set.matchAll(/"(\w+)" = /g)].map(([, column]) => `${updated}: UPDATE (${column})`);
    }),
  );
}

function changesGranted(): string[] {
  return Object.keys(APP_TABLES).flatMap((table) =>
    [...appPrivileges(table)]
      .filter((privilege) => privilege !== 'SELECT' && privilege !== 'INSERT')
      .map((privilege) => `${table}: ${privilege}`),
  );
}

describe('what the service may do with its tables', () => {
  it('is what its statements do, and nothing else', () => {
    const made = changesMade();
    expect(made.size).toBeGreaterThan(50);
    const granted = changesGranted();
    expect([...made].filter((change) => !granted.includes(change))).toEqual([]);
    expect(granted.filter((change) => !made.has(change)).sort()).toEqual(Object.keys(RARE).sort());
  });

  it('is said of every table', () => {
    expect(Object.keys(APP_TABLES).sort()).toEqual(vaultTables.map(({ name }) => name).sort());
    expect(appPrivileges('toString').size).toBe(0);
    expect(appPrivileges('elsewhere').size).toBe(0);
  });

  it('changes no key', () => {
    for (const { name, primaryKey } of vaultTables) {
      for (const column of ['vault_id', ...primaryKey.columns.split(', ')]) {
        expect(appPrivileges(name)).not.toContain(`UPDATE (${column})`);
      }
      expect(appPrivileges(name)).not.toContain('UPDATE');
    }
  });

  it('lets the operator read what the directory shows, and nothing else', () => {
    const columnsOf = (alias: string) =>
      [
        ...new Set(
          [
            ...directorySql(
              (name) => name,
              () => '?',
            ).matchAll(new RegExp(`\\b${alias}\\.(\\w+)`, 'g')),
          ].map(([, name]) => name),
        ),
      ].sort();
    const granted = (table: string) => OPERATOR_TABLES[table].split(', ').sort();
    expect(granted('vaults')).toEqual(columnsOf('v'));
    expect(granted('vaults')).toEqual(columnNames(vaultTables[0]).sort());
    // Counters are by owner, and tell whose index is to be rebuilt.
    expect(granted('scopes')).toEqual(
      [...columnsOf('s'), 'user_id', 'next_position', 'index_version'].sort(),
    );
    expect(Object.keys(OPERATOR_TABLES)).toEqual(['vaults', 'scopes']);
  });
});
