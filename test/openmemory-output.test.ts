import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from './harness/app.js';
import { makeFile, plain } from './harness/openmemory/files.js';
import { copyInto, samples } from './harness/openmemory/samples.js';
import { migrate } from './harness/openmemory/upgrade.js';

/** What the command says of a file, with what differs from run to run taken out. */
async function said(path: string, ...args: string[]): Promise<string> {
  const { status, stdout, stderr } = await migrate(path, 'run', ...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout
    .replaceAll(path, 'FILE')
    .replace(/backup-\d{8}T\d{6}Z/, 'backup-TIME')
    .replace(/\b[0-9a-f]{16}$/gm, 'HASH');
}

const SECOND_RUN = `\
OpenMemory Database Migration Tool
[MIGRATE] Checking for pending migrations...
[MIGRATE] Current database version: 2.3.0
[MIGRATE] No migrations are pending
[SUCCESS] Migration completed
`;

const STEPS = `\
[MIGRATE] Running migration: 1.2.0 - Multi-user tenant support
[MIGRATE] Migration 1.2.0 completed successfully
[MIGRATE] Running migration: 2.0.0 - Vaults
[MIGRATE] Migration 2.0.0 completed successfully
[MIGRATE] Running migration: 2.1.0 - Users, sessions, collections and waypoints
[MIGRATE] Migration 2.1.0 completed successfully
[MIGRATE] Running migration: 2.2.0 - Owners of rows from older databases
[MIGRATE] Migration 2.2.0 completed successfully
[MIGRATE] Running migration: 2.3.0 - Revisions of the recall index
[MIGRATE] Migration 2.3.0 completed successfully
`;

const V1_1_1 = `\
OpenMemory Database Migration Tool
[MIGRATE] Checking for pending migrations...
[MIGRATE] Current database version: none
${STEPS}[MIGRATE] Backup: FILE.backup-TIME
[MIGRATE] table         rows before  rows after  in legacy_rows  sha256 of both
[MIGRATE] memories      354          354         0               HASH
[MIGRATE] vectors       354          354         0               HASH
[MIGRATE] waypoints     0            0           0               HASH
[MIGRATE] embed_logs    354          0           354             HASH
[MIGRATE] memories_fts  354          0           354             HASH
[MIGRATE] Vault default-vault: 354 memories
[MIGRATE] All migrations completed
[MIGRATE] Recall index: 354 memories in 1 vault indexed.
[SUCCESS] Migration completed
curl -H 'X-Vault-Id: default-vault' http://127.0.0.1:8080/v1/memories
`;

const V1_2_3 = `\
OpenMemory Database Migration Tool
[MIGRATE] Checking for pending migrations...
[MIGRATE] Current database version: none
${STEPS}[MIGRATE] Backup: FILE.backup-TIME
[MIGRATE] table           rows before  rows after  in legacy_rows  sha256 of both
[MIGRATE] memories        305          305         0               HASH
[MIGRATE] vectors         305          305         0               HASH
[MIGRATE] waypoints       305          305         0               HASH
[MIGRATE] users           3            3           0               HASH
[MIGRATE] stats           5            5           0               HASH
[MIGRATE] temporal_facts  12           12          0               HASH
[MIGRATE] temporal_edges  0            0           0               HASH
[MIGRATE] embed_logs      305          0           305             HASH
[MIGRATE] Vault default-vault: 305 memories
[MIGRATE] All migrations completed
[MIGRATE] Recall index: 305 memories in 1 vault indexed.
[SUCCESS] Migration completed
curl -H 'X-Vault-Id: default-vault' http://127.0.0.1:8080/v1/memories
`;

/** The samples' own texts, of files with as many rows. */
const sampleOf = (name: string) => samples().find((path) => path.endsWith(name));

describe('what the command prints', () => {
  let folder: string;
  beforeAll(() => {
    folder = temporaryFolder();
  });

  it.skipIf(samples().length === 0).each([
    ['openmemory-v1.1.1.sqlite', V1_1_1],
    ['openmemory-v1.2.3.sqlite', V1_2_3],
  ])('of the database of a release, and of the same a second time: %s', async (name, text) => {
    const path = copyInto(folder, sampleOf(name)!);
    expect(await said(path)).toBe(text);
    expect(await said(path)).toBe(SECOND_RUN);
  });

  it('of a small one of v1.1.1', async () => {
    const path = makeFile(folder, '1.1.1', plain(3));
    expect(await said(path)).toBe(`\
OpenMemory Database Migration Tool
[MIGRATE] Checking for pending migrations...
[MIGRATE] Current database version: none
${STEPS}[MIGRATE] Backup: FILE.backup-TIME
[MIGRATE] table         rows before  rows after  in legacy_rows  sha256 of both
[MIGRATE] memories      3            3           0               HASH
[MIGRATE] vectors       3            3           0               HASH
[MIGRATE] waypoints     3            3           0               HASH
[MIGRATE] embed_logs    3            0           3               HASH
[MIGRATE] memories_fts  3            0           3               HASH
[MIGRATE] Vault default-vault: 3 memories
[MIGRATE] All migrations completed
[MIGRATE] Recall index: 3 memories in 1 vault indexed.
[SUCCESS] Migration completed
curl -H 'X-Vault-Id: default-vault' http://127.0.0.1:8080/v1/memories
`);
    expect(await said(path)).toBe(SECOND_RUN);
  });

  it('of a small one of v1.2.3', async () => {
    const path = makeFile(folder, '1.2.3', plain(3));
    expect(await said(path)).toBe(`\
OpenMemory Database Migration Tool
[MIGRATE] Checking for pending migrations...
[MIGRATE] Current database version: none
${STEPS}[MIGRATE] Backup: FILE.backup-TIME
[MIGRATE] table           rows before  rows after  in legacy_rows  sha256 of both
[MIGRATE] memories        3            3           0               HASH
[MIGRATE] vectors         3            3           0               HASH
[MIGRATE] waypoints       3            3           0               HASH
[MIGRATE] users           3            3           0               HASH
[MIGRATE] stats           5            5           0               HASH
[MIGRATE] temporal_facts  6            6           0               HASH
[MIGRATE] temporal_edges  3            3           0               HASH
[MIGRATE] embed_logs      3            0           3               HASH
[MIGRATE] Vault default-vault: 3 memories
[MIGRATE] All migrations completed
[MIGRATE] Recall index: 3 memories in 1 vault indexed.
[SUCCESS] Migration completed
curl -H 'X-Vault-Id: default-vault' http://127.0.0.1:8080/v1/memories
`);
  });

  it('of one with former tenants: each vault, and a request to one that holds something', async () => {
    const path = makeFile(folder, 'HEAD', (file) => {
      file.insert('memories', {
        id: 'm',
        user_id: '01f9350b55022160',
        content: 'c',
        primary_sector: 'semantic',
      });
    });
    const text = await said(path, '--no-backup');
    expect(text).not.toContain('Backup:');
    expect(text).toContain(
      '[MIGRATE] Vault default-vault: 0 memories\n[MIGRATE] Vault om-01f9350b55022160: 1 memory\n',
    );
    expect(text.trimEnd().split('\n').at(-1)).toBe(
      `curl -H 'X-Vault-Id: om-01f9350b55022160' http://127.0.0.1:8080/v1/memories`,
    );
  });

  it('of one that OpenMemory’s own migration was at: the version that it noted', async () => {
    const path = makeFile(folder, '1.2.0', (file) => {
      file.database.exec(`CREATE TABLE schema_version (version TEXT PRIMARY KEY, applied_at INTEGER);
        INSERT INTO schema_version VALUES ('1.2.0', 1)`);
    });
    expect(await said(path, '--no-backup')).toContain('[MIGRATE] Current database version: 1.2.0\n');
  });
});
