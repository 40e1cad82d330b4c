import 'reflect-metadata';
import { loadDatabaseConfig, readEnvironment } from '../../../src/config/config.js';
import { withImports } from '../../../src/upgrade/import/import-database.js';
import { ImportRunner } from '../../../src/upgrade/import/import-run.js';
import { ImportUndo } from '../../../src/upgrade/import/import-undo.js';
import { openSource } from '../../../src/upgrade/import/open-source.js';
import { VaultPlan } from '../../../src/upgrade/import/vault-plan.js';
import { dieBeforeStatement, statementsExecuted } from '../die-before-statement.js';

// Imports argv[4] from the system argv[3] into the vault acme, or with "undo" as the system undoes the import argv[4],
// and kills itself before the statement number argv[2], if there are as many. Prints how many statements it took
// otherwise.

const [, , statement, from, what] = process.argv;
const ROWS = Number(process.env.ROWS_AT_ONCE ?? 100);
dieBeforeStatement(Number(statement));
await withImports(loadDatabaseConfig(readEnvironment()), {}, async (app) => {
  if (from === 'undo') await app.get(ImportUndo).undo(process.env.VAULT ?? 'acme', what);
  else {
    const source = await openSource(from, what);
    const vaults = new VaultPlan('acme', false, new Map(), source.vaultPrefix);
    await app.get(ImportRunner).run(source, { vaults, rowsAtOnce: ROWS });
  }
});
console.log(statementsExecuted());
