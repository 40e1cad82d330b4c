import { type TenancyReport, adoptTenancy } from '../upgrade/tenancy-adoption/adopt-tenancy.js';
import { checkAdoptable, checkWritable } from '../upgrade/tenancy-adoption/adoptable.js';
import { TenancyPlan } from '../upgrade/tenancy-adoption/tenancy-plan.js';
import { readTenancyStatus } from '../upgrade/tenancy-adoption/tenancy-status.js';
import { giveVault } from '../upgrade/tenancy-adoption/vault-column.js';
import { runCommand } from './command.js';
import { withCopy } from './dry-run.js';
import { type Print, withProgress } from './migrate-output.js';
import { type TenancyArguments, USAGE, readArguments } from './tenancy-adopt-options.js';

async function execute(options: TenancyArguments): Promise<number> {
  const { action, path, tables, migration } = options;
  const plan = tables ? TenancyPlan.ofTables(tables) : TenancyPlan.ofMetamorph(migration);
  if (action === 'status') return showStatus(path, plan);
  if (options.dryRun) return rehearse(plan, options);
  return run(path, plan, options, console.log);
}

async function run(
  path: string,
  plan: TenancyPlan,
  options: TenancyArguments,
  print: Print,
): Promise<number> {
  const { action, backup } = options;
  const report = await withProgress(print, (output) =>
    adoptTenancy({ path, plan, direction: action === 'down' ? 'down' : 'up', backup, ...output }),
  );
  tellOwnerless(report, print);
  for (const shortfall of report.shortfalls) print(`[INCOMPLETE] ${shortfall}`);
  const done = report.migrations.length > 0 ? 'Migration completed' : 'There was nothing to be done';
  if (report.shortfalls.length === 0) print(`[SUCCESS] ${done}`);
  return report.shortfalls.length === 0 ? 0 : 1;
}

/** Nothing is said in a row's stead: whoever runs the program knows whose it is. */
function tellOwnerless({ ownerless }: TenancyReport, print: Print): void {
  for (const { table, rows } of ownerless) {
    print(
      `  [!] ${table}: ${rows} ${rows === 1 ? 'row has' : 'rows have'} no vault. To give them the default one:`,
    );
    print(`      ${giveVault(table)}`);
  }
}

async function rehearse(plan: TenancyPlan, options: TenancyArguments): Promise<number> {
  const { path } = options;
  // Refuses another program's file before it is copied.
  checkAdoptable(path, plan.tables);
  checkWritable(path);
  const status = await withCopy(path, (copy) =>
    run(copy, plan, { ...options, backup: false }, (line) => {
      console.log(line.replace(/^\[(Migrator|VERIFY|SUCCESS|INCOMPLETE)\]/, '[DRY RUN]'));
    }),
  );
  console.log(`[DRY RUN] ${path} was not changed: all of this was done to a copy, which is gone.`);
  return status;
}

/** Lists the migrations, those that were applied with their times, and the tables that have vaults. */
function showStatus(path: string, plan: TenancyPlan): number {
  const { description, migrations, tables, shortfalls } = readTenancyStatus(path, plan);
  console.log(`${path} is ${description}.`);
  for (const { id, description: what, appliedAt, isIncomplete } of migrations) {
    const isApplied = appliedAt !== undefined;
    const when = isApplied ? `  ${appliedAt}` : '';
    const hint = isIncomplete ? '  (something of it is missing: run it again)' : '';
    console.log(`[${isApplied ? 'X' : ' '}] ${id}  ${what}${when}${hint}`);
  }
  const applied = migrations.filter(({ appliedAt }) => appliedAt !== undefined).length;
  console.log(
    `Registered: ${migrations.length}, applied: ${applied}, pending: ${migrations.length - applied}`,
  );
  for (const { table, rows, vaults, withoutVault } of tables) {
    const without = withoutVault > 0 ? `, ${withoutVault} of them without one` : '';
    console.log(
      `  ${table}: ${rows} ${rows === 1 ? 'row' : 'rows'} in ${vaults} ${vaults === 1 ? 'vault' : 'vaults'}${without}`,
    );
  }
  for (const shortfall of shortfalls) console.log(`[INCOMPLETE] ${shortfall}`);
  return 0;
}

process.exitCode = await runCommand({ usage: USAGE, failed: 'Nothing was changed' }, () => {
  const options = readArguments();
  return options.help ? console.log(USAGE) : execute(options);
});
