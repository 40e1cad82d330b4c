import { basename, join } from 'node:path';
import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCatalog } from './harness/catalog.js';
import { recordFigure } from './harness/figures.js';
import { adoptHere, expectSameRows, vaultIndexes, withDatabase } from './harness/metamorph/adoption.js';
import { listedIndexes } from './harness/metamorph/file.js';
import { copyInto } from './harness/openmemory/samples.js';
import { takeSnapshot } from './harness/openmemory/snapshot.js';
import { tempFolder } from './harness/temp-folder.js';

const folder = process.env.CAIRN_DATA && join(process.env.CAIRN_DATA, 'legacy');
const samples =
  folder && existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^metamorph-.*\.sqlite$/.test(name))
        .map((name) => join(folder, name))
    : [];
if (samples.length === 0) {
  console.log('Samples of Metamorph databases: not measured. Set CAIRN_DATA to the folder that holds them.');
}
const ADDED = ['schema_migrations', 'vercel_connections', 'sandboxes', 'sandbox_resource_usage'];

describe.skipIf(samples.length === 0)('databases that Metamorph has written', () => {
  for (const sample of samples) {
    it(`up, down and up again: ${basename(sample)}`, async () => {
      const path = copyInto(tempFolder(), sample);
      const before = takeSnapshot(path);
      await adoptHere(path);
      expectSameRows(before, path);
      expect(vaultIndexes(path)).toEqual(listedIndexes());
      const up = takeSnapshot(path);
      const catalog = withDatabase(path, readCatalog);
      await adoptHere(path, 'down');
      await adoptHere(path, 'down');
      expect(vaultIndexes(path)).toEqual([]);
      expectSameRows(up, path, ADDED);
      await adoptHere(path);
      expectSameRows(up, path, ['schema_migrations']);
      expect(withDatabase(path, readCatalog)).toEqual(catalog);
      expect(vaultIndexes(path)).toEqual(listedIndexes());
      recordFigure(
        'adopt.rows',
        [...before.tables.values()].reduce((sum, rows) => sum + rows.length, 0),
      );
    });
  }
});
