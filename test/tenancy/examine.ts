import 'reflect-metadata';
import { openTenants } from '../harness/tenants.js';
import { type Finding, failures, runBattery } from './battery.js';
import { CHECKS } from './checks/all.js';
import { type Check, House } from './checks/check.js';
import { SETTINGS, type Setting } from './settings.js';

/** A check that waits for what never comes has failed too. Milliseconds. */
const PATIENCE = 3_000;

/** As many paths as are worth naming. */
const FEW = 3;

/** Every path that does not do what it should, as `setting: path`. @param template a seeded database */
export async function everyFailingPath(template: string): Promise<string[]> {
  const failing: string[] = [];
  for (const setting of SETTINGS) failing.push(...(await failingIn(template, setting)));
  return failing;
}

/** Of the paths that are not known to fail, the first few that do. */
export async function failingPaths(template: string, known: ReadonlySet<string>): Promise<string[]> {
  for (const setting of SETTINGS) {
    const isNew = (path: string) => !known.has(path);
    const failing = await failingIn(template, setting, (paths) => paths.filter(isNew).length >= FEW);
    if (failing.some(isNew)) return failing.filter(isNew);
  }
  return [];
}

async function failingIn(
  template: string,
  setting: Setting,
  enough: (paths: string[]) => boolean = () => false,
): Promise<string[]> {
  const names = (findings: readonly Finding[]) =>
    failures(findings).map(({ path }) => `${setting.name}: ${path}`);
  return names(await runBattery(template, setting, openTenants, (findings) => enough(names(findings))));
}

/**
 * The name of the first check that fails.
 *
 * @param template an empty, migrated database
 * @param patience how long a check may take, in ms
 */
export async function failingChecks(
  template: string,
  checks: readonly Check[] = CHECKS,
  patience = PATIENCE,
): Promise<string[]> {
  const failing: string[] = [];
  for (const { name, run, ...settings } of checks) {
    const house = await House.open(template, settings);
    try {
      await within(patience, run(house));
    } catch {
      failing.push(name);
      break;
    } finally {
      // What it left undone may hold a connection for good.
      await within(patience, house.close()).catch(() => {});
    }
  }
  return failing;
}

function within(ms: number, work: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('took too long')), ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
