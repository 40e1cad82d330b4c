import 'reflect-metadata';
import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isVaultId } from '../src/vaults/vault-id.js';
import { recordFigure } from './harness/figures.js';
import { importHere } from './harness/import/import-here.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { migratedDatabase } from './harness/migrated-database.js';
import { copyInto, samples } from './harness/openmemory/samples.js';
import { upgrade } from './harness/openmemory/upgrade.js';
import { onPostgres } from './harness/postgres/postgres-databases.js';
import { rehomeHere } from './harness/rehome/rehome-here.js';
import { fingerprintOf, owned, rowsByVault, tornIn, vaultOf } from './harness/rehome/whole.js';
import { tempFolder } from './harness/temp-folder.js';

/** Of users who stay in part, both vaults have a row and an index; collections are copied. */
const IN_BOTH = ['vaults', 'collections', 'scopes', 'term_blocks', 'users'];

const folder = process.env.CAIRN_DATA && join(process.env.CAIRN_DATA, 'legacy');
const named = (pattern: RegExp) =>
  folder === undefined || folder === '' ? [] : readdirSync(folder).filter((name) => pattern.test(name));

/** Samples of every system, each with what takes it over into a database of ours. */
const SAMPLES: readonly (readonly [name: string, takeOver: () => Promise<string>])[] = [
  ...(onPostgres ? [] : samples()).map((sample) => {
    const takeOver = async () => {
      const path = copyInto(tempFolder(), sample);
      await upgrade(path);
      return path;
    };
    return [basename(sample), takeOver] as const;
  }),
  ...[
    ...named(/^metamorph.*\.sqlite$/).map((name) => ['metamorph', name] as const),
    ...named(/^memory-mcp(-level\d)?\.sql$/).map((name) => ['memory-mcp', name] as const),
  ].map(([system, name]) => {
    const takeOver = async () => {
      const place = await migratedDatabase();
      await importHere(place, system, copyInto(tempFolder(), join(folder!, name)), { singleVault: true });
      return place;
    };
    return [name, takeOver] as const;
  }),
];

describe.skipIf(SAMPLES.length === 0)('databases that other systems have written', () => {
  it.each(SAMPLES)('%s: every row is there, and none is torn from another', async (name, takeOver) => {
    const place = await takeOver();
    const before = rowsByVault(place);
    let moved = 0;
    let tied = 0;
    for (const from of Object.keys(before.vaults)) {
      const to = `${from}-{user_id}`;
      const report = await rehomeHere(place, { from, to });
      expect(report.refused).toBe(0);
      moved += report.moved;
      tied += report.tied;
      expect(await rehomeHere(place, { from, to })).toMatchObject({ moved: 0, refused: 0 });
    }
    const after = rowsByVault(place);
    const rows = Object.values(before).flatMap((vaults) => Object.values(vaults).flat()).length;
    console.log(
      `${name}: ${rows} rows, ${owned(before)} of users; ${moved} users moved, ${tied} share something`,
    );
    const except = tied > 0 ? IN_BOTH : ['vaults', 'collections'];
    const [was, is] = [fingerprintOf(before, ...except), fingerprintOf(after, ...except)];
    const torn = tornIn(place);
    recordFigure('rehome.rows', rows);
    recordFigure('rehome.changed', Object.keys(was).filter((table) => was[table] !== is[table]).length);
    recordFigure('rehome.torn', torn.length);
    expect(is).toEqual(was);
    expect(torn).toEqual([]);
    expect(auditIndex(place)).toMatchObject(SOUND);
    for (const vault of Object.keys(after.vaults)) expect(isVaultId(vault)).toBe(true);
    for (const from of tied > 0 ? [] : Object.keys(before.vaults)) {
      const left = Object.values(vaultOf(after, from)).flat();
      expect(left.filter((row) => /\["user_id","(?!")/.test(row))).toEqual([]);
    }
  });
});
