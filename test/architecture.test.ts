import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = process.cwd();

interface Source {
  /** Path from the root, with slashes. */
  readonly path: string;
  readonly text: string;
}

const sources: Source[] = readdirSync(join(root, 'src'), { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => join(entry.parentPath, entry.name))
  .map((file) => ({ path: relative(root, file).replaceAll('\\', '/'), text: readFileSync(file, 'utf8') }));

/** The files outside the given folders and files in which the pattern stands. */
function offenders(pattern: RegExp, allowed: readonly string[]): string[] {
  return sources
    .filter(({ path }) => !allowed.some((start) => path.startsWith(start)))
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path);
}

describe('who may use what', () => {
  it('reads every source file', () => {
    expect(sources.length).toBeGreaterThan(100);
  });

  it('opens a plain data source in commands and upgrades only', () => {
    expect(offenders(/(?:=|return|await|\()\s*new DataSource\(/, ['src/upgrade/', 'src/cli/'])).toEqual([]);
    expect(offenders(/from '[^']*\/plain-data-source\.js'/, ['src/upgrade/', 'src/cli/'])).toEqual([]);
  });

  it('opens SQLite itself where databases are opened, and nowhere else', () => {
    const openers = ['src/upgrade/', 'src/cli/', 'src/database/', 'src/main.ts'];
    expect(offenders(/(?:import\(|require\(|from )\(?'better-sqlite3'/, openers)).toEqual(
      // For its types alone: those files run nothing of it.
      sources
        .filter(({ path }) => !openers.some((start) => path.startsWith(start)))
        .filter(({ text }) => /import type [^;]*from 'better-sqlite3'/.test(text))
        .map(({ path }) => path),
    );
  });

  it('never carries a tenant by enterWith', () => {
    expect(offenders(/\.enterWith\(/, [])).toEqual([]);
  });

  it('makes scopes at the entrances only', () => {
    const entrances = ['src/tenancy/', 'src/auth/auth.guard.ts', 'src/cli/'];
    // The guard asks for the vault's state before there is a scope; the sweep is a job.
    const jobs = ['src/vaults/vaults.service.ts', 'src/memories/expiry-sweep.ts'];
    expect(offenders(/\bmakeScope\(/, [...entrances, ...jobs])).toEqual([]);
  });

  it('keeps the scope’s own values where the conditions are made', () => {
    expect(offenders(/from '[^']*\/tenant-values\.js'/, ['src/tenancy/'])).toEqual([]);
  });

  it('writes no vault condition by hand', () => {
    expect(offenders(/vault_id\s*=/, ['src/tenancy/', 'src/upgrade/'])).toEqual([]);
    expect(offenders(/\.query\(/, ['src/tenancy/', 'src/database/', 'src/upgrade/'])).toEqual([]);
  });

  it('lets edges use services, never the other way round', () => {
    expect(
      offenders(/from '[^']*\.controller\.js'/, []).filter((path) => !path.endsWith('.module.ts')),
    ).toEqual([]);
  });

  it('lets nothing but the entrances start an upgrade', () => {
    const allowed = [
      'src/upgrade/',
      'src/cli/',
      'src/main.ts',
      'src/health/schema.health.ts',
      'src/database/entities.ts',
    ];
    expect(offenders(/from '[^']*\/upgrade\//, allowed)).toEqual([]);
    expect(offenders(/import\('[^']*\/upgrade\//, allowed)).toEqual([]);
  });
});
