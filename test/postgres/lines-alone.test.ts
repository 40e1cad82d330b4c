import 'reflect-metadata';
import { beforeAll, describe, expect, it } from 'vitest';
import { APP_TABLES } from '../../migrations/postgres/grants.js';
import { TELLS_A, openConfined } from '../harness/postgres/confined-data-source.js';
import { ROLES, SCHEMA, onPostgres, openAsSuperuser } from '../harness/postgres/postgres-databases.js';
import { makeDatabase } from '../harness/tenant-database.js';
import { copyOf, openTenants } from '../harness/tenants.js';
import { type Finding, failures, runBattery } from '../tenancy/battery.js';
import { PATHS } from '../tenancy/paths/all.js';
import { SETTINGS, type Setting } from '../tenancy/settings.js';

const [BETWEEN_VAULTS] = SETTINGS;
/** Of somebody who has no vault: whatever is seen or changed is another's. */
const NOBODY: Setting = {
  ...BETWEEN_VAULTS,
  reads: () => false,
  writes: () => false,
  readsCanary: () => false,
};

const setting = new Set(PATHS.filter(({ setsVault }) => setsVault).map(({ name }) => name));
/**
 * They answer with what the server and the connection are, and with the catalog, which is another in each database and
 * at each moment, and from which sizes could be read: row-level security is about rows. The tripwire refuses them all.
 */
const OF_THE_SERVER = [
  ...[
    'the catalog',
    'statistics',
    'activity',
    'locks',
    'settings',
    'SHOW',
    'the counter of transactions',
  ].map((name) => `PostgreSQL: ${name}`),
  ...['runner.connect', 'runner.getTable', 'runner.getTables', 'runner.getViews'],
];
const leaksOf = (findings: readonly Finding[]) =>
  findings.filter(
    ({ path, leak }) => leak !== undefined && !(OF_THE_SERVER.includes(path) && leak.startsWith('answers')),
  );
const named = (findings: readonly Finding[]) => findings.map(({ path, leak }) => `${path}: ${leak}`);

/** Expired rows are a matter of the layer above; of the vault's own they are no leak here. */
const WITH_EXPIRED: Setting = {
  ...BETWEEN_VAULTS,
  reads: (_table, { vault_id }) => vault_id === 'A',
  writes: (_table, { vault_id }) => vault_id === 'A',
  readsCanary: (text) => text.startsWith('canary.A.'),
};

describe.runIf(onPostgres)('each line of isolation alone', () => {
  let template: string;
  beforeAll(async () => {
    template = await makeDatabase('seeded');
  });

  /** Does something to every table with vaults, as a superuser, in a copy of the database. */
  function altered(...actions: readonly string[]): string {
    const place = copyOf(template);
    const database = openAsSuperuser(place);
    for (const table of Object.keys(APP_TABLES)) {
      for (const action of actions) database.run(`ALTER TABLE ${SCHEMA}.${table} ${action}`);
    }
    database.close();
    return place;
  }

  it('row-level security: in A’s context no path reads or changes a row of B’s, but where it sets the vault', async () => {
    const findings = await runBattery(template, WITH_EXPIRED, (place) => openConfined(place, TELLS_A));
    const leaks = leaksOf(findings);
    const worked = findings.filter(({ outcome }) => outcome === 'scoped').length;
    console.log(
      `row-level security alone: ${findings.length} paths, ${worked} find own rows, ${leaks.length} leak`,
    );
    expect(named(leaks.filter(({ path }) => !setting.has(path)))).toEqual([]);
    // That such SQL is not in reach of a request is for the tripwire and the tests of architecture and statements.
    expect(leaks.map(({ path }) => path)).toContain('PostgreSQL: set_config');
    expect(worked).toBeGreaterThan(150);
  });

  it('row-level security: without a context no path reads or changes any row', async () => {
    const findings = await runBattery(template, NOBODY, (place) => openConfined(place, undefined));
    expect(named(leaksOf(findings).filter(({ path }) => !setting.has(path)))).toEqual([]);
  });

  it.each(SETTINGS)(
    'the tenancy layer: without row-level security nothing leaks between $name',
    async (between) => {
      const open = altered('NO FORCE ROW LEVEL SECURITY', 'DISABLE ROW LEVEL SECURITY');
      const findings = await runBattery(open, between, openTenants);
      expect(failures(findings)).toEqual([]);
    },
  );

  const findings = (place: string, telling: string | undefined) =>
    runBattery(
      place,
      WITH_EXPIRED,
      (copy) => openConfined(copy, telling),
      (found) => leaksOf(found).length > 0 || found.length > 40,
    );

  it.each<[what: string, ...actions: string[]]>([
    ['is not enabled', 'DISABLE ROW LEVEL SECURITY'],
    ['does not bind the owner, whom the service is', 'NO FORCE ROW LEVEL SECURITY', `OWNER TO ${ROLES.app}`],
  ])('is found out: row-level security %s', async (_, ...actions) => {
    expect(leaksOf(await findings(altered(...actions), TELLS_A))).not.toEqual([]);
  });

  it.each([
    ['lets everything through', 'DROP POLICY vault ON TABLE; CREATE POLICY vault ON TABLE USING (true)'],
    ['has another beside it', 'CREATE POLICY other ON TABLE FOR SELECT USING (true)'],
    [
      'looks at no setting',
      `DROP POLICY vault ON TABLE; CREATE POLICY vault ON TABLE USING (vault_id <> '')`,
    ],
  ])('is found out: the policy %s', async (_, statements) => {
    const place = copyOf(template);
    const database = openAsSuperuser(place);
    for (const table of Object.keys(APP_TABLES)) database.run(statements.replaceAll('TABLE', table));
    database.close();
    expect(leaksOf(await findings(place, TELLS_A))).not.toEqual([]);
  });

  it.each<[what: string, policy: string, telling: string | undefined]>([
    ['the policy is dropped', 'DROP POLICY vault ON TABLE', TELLS_A],
    ['the vault is not set', 'SELECT 1', undefined],
  ])('is found out: %s', async (_, statements, telling) => {
    const place = copyOf(template);
    const database = openAsSuperuser(place);
    for (const table of Object.keys(APP_TABLES)) database.run(statements.replaceAll('TABLE', table));
    database.close();
    // Nothing is seen any more, and so no path is as it must be.
    expect((await findings(place, telling)).filter(({ outcome }) => outcome === 'scoped')).toEqual([]);
    expect(failures(await findings(template, TELLS_A)).length).toBeLessThan(10);
  });

  it('neither: without both nearly everything leaks, so that the rest means something', async () => {
    const open = altered('NO FORCE ROW LEVEL SECURITY', 'DISABLE ROW LEVEL SECURITY');
    const findings = await runBattery(open, WITH_EXPIRED, (place) => openConfined(place, TELLS_A));
    const leaks = leaksOf(findings);
    console.log(`neither line: ${leaks.length} of ${findings.length} paths leak`);
    expect(leaks.length).toBeGreaterThan(0.5 * PATHS.length);
  });
});
