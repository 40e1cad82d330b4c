import 'reflect-metadata';
import { beforeAll, describe, expect, it } from 'vitest';
import { recordFigure } from '../harness/figures.js';
import { makeDatabase } from '../harness/tenant-database.js';
import { openPlain, openTenants } from '../harness/tenants.js';
import { type Finding, failures, runBattery } from './battery.js';
import { PATHS } from './paths/all.js';
import { SETTINGS } from './settings.js';

function summary(findings: readonly Finding[]): string {
  const count = (test: (finding: Finding) => boolean) => findings.filter(test).length;
  const leaks = count(({ leak }) => leak !== undefined);
  const scoped = count(({ outcome, leak }) => outcome === 'scoped' && leak === undefined);
  const nothing = count(({ outcome, leak }) => outcome === 'nothing' && leak === undefined);
  const refused = count(({ outcome, leak }) => outcome === 'refused' && leak === undefined);
  return `${findings.length} paths: ${scoped} scoped, ${nothing} with nothing to find, ${refused} refused, ${leaks} LEAKS`;
}

describe('the access paths of TypeORM', () => {
  let template: string;
  beforeAll(async () => {
    template = await makeDatabase('seeded');
  });

  it('are at least 91, each with a name of its own', () => {
    recordFigure('battery.paths', PATHS.length);
    expect(PATHS.length).toBeGreaterThanOrEqual(91);
    expect(new Set(PATHS.map(({ name }) => name)).size).toBe(PATHS.length);
  });

  it.each(SETTINGS)('leak nothing between $name', async (setting) => {
    const findings = await runBattery(template, setting, openTenants);
    console.log(`${setting.name}: ${summary(findings)}`);
    const between = setting.name === 'vaults' ? 'vaults' : 'users';
    recordFigure(`battery.leaks.${between}`, findings.filter(({ leak }) => leak !== undefined).length);
    expect(failures(findings)).toEqual([]);
  });

  it.each(SETTINGS)('leak through a plain data source, between $name', async (setting) => {
    const findings = await runBattery(template, setting, openPlain);
    console.log(`${setting.name}, plain data source: ${summary(findings)}`);
    const leaks = findings.filter(({ leak }) => leak !== undefined);
    // PostgreSQL cannot read all that is SQL to SQLite, nor the other way round.
    expect(leaks.length).toBeGreaterThan(0.5 * PATHS.length);
  });
});
