import { loadDatabaseConfig } from '../../../src/config/config.js';
import { withImports } from '../../../src/upgrade/import/import-database.js';
import { type ImportReport, ImportRunner } from '../../../src/upgrade/import/import-run.js';
import { type UndoReport, ImportUndo } from '../../../src/upgrade/import/import-undo.js';
import { type SourceOptions, openSource } from '../../../src/upgrade/import/open-source.js';
import { VaultPlan } from '../../../src/upgrade/import/vault-plan.js';
import { environmentOf } from '../migrated-database.js';

export interface Here extends SourceOptions {
  readonly vault?: string;
  readonly singleVault?: boolean;
  readonly vaultMap?: Readonly<Record<string, string>>;
  readonly rowsAtOnce?: number;
}

const databaseOf = (place: string) => loadDatabaseConfig(environmentOf(place));

/** Imports a file in this process, as the command does. @param place see `migratedDatabase` */
export async function importHere(
  place: string,
  from: string,
  file: string,
  here: Here = {},
): Promise<ImportReport> {
  const { vault = 'acme', singleVault = false, vaultMap = {}, rowsAtOnce } = here;
  const source = await openSource(from, file, here);
  const vaults = new VaultPlan(vault, singleVault, new Map(Object.entries(vaultMap)), source.vaultPrefix);
  try {
    return await withImports(databaseOf(place), {}, (app) =>
      app.get(ImportRunner).run(source, { vaults, rowsAtOnce }),
    );
  } finally {
    source.close();
  }
}

export function undoHere(place: string, importId: string, vault = 'acme'): Promise<UndoReport | undefined> {
  return withImports(databaseOf(place), {}, (app) => app.get(ImportUndo).undo(vault, importId));
}
