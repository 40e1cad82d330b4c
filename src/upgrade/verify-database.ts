import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { allVaults, checkVault, countPositions } from './all-vaults.js';
import { tablesMissing } from './current-schema.js';
import { migrateDatabase } from './migrate-database.js';
import { MigrationRefusedError } from './migration-refused.error.js';
import { readState } from './plan.js';
import { recognise } from './recognise.js';
import { isAbsentOrEmpty, openReadOnly } from './sqlite-file.js';
import { verifyCounts } from './verification/counts.js';
import type { Check, Report } from './verification/finding.js';
import { verifyRecallIndex } from './verification/recall-index.js';
import { verifyReferences } from './verification/references.js';
import { verifySchema } from './verification/schema.js';
import { verifyStatements } from './verification/statement-plans.js';
import { isOlder, verifyVersions } from './verification/versions.js';

export interface VerifyOptions {
  /** The SQLite file. */
  readonly path: string;
  /** The one vault whose rows are looked at; all of them when undefined. */
  readonly vaultId?: string;
  /** Gets what is wrong, a sentence at a time. */
  readonly onFinding: Report;
  readonly progress?: (done: number, total: number, what: string) => void;
}

export interface Verified {
  readonly findings: number;
  /** How many were looked at. */
  readonly vaults: number;
  /** Positions of memories, those of deleted ones included. */
  readonly positions: number;
  /** Statements of the service. */
  readonly statements: number;
}

/** Problems of the file itself that are told; there may be one for each page. */
const MOST_PROBLEMS = 1_000;

/**
 * Looks a database of this version through, as it is at one moment, and changes nothing; a service may use it
 * meanwhile.
 *
 * @throws MigrationRefusedError when there is nothing to be looked at: it is another program's, of another version,
 *   cannot be read, or has no such vault
 */
export async function verifyDatabase(options: VerifyOptions): Promise<Verified> {
  const { path, vaultId } = options;
  const folder = mkdtempSync(join(tmpdir(), 'cairn-verify-'));
  const opened: Database.Database[] = [];
  try {
    checkVersion(path);
    if (vaultId !== undefined) await checkVault({ kind: 'sqlite', path }, vaultId);
    // What this version's migrations make of nothing.
    const fresh = join(folder, 'fresh.sqlite');
    await migrateDatabase({ path: fresh });
    const [database, expected] = [openReadOnly(path), openReadOnly(fresh)];
    opened.push(database, expected);
    database.exec('BEGIN');
    return await new Verification(database, expected, options).run();
  } finally {
    for (const each of opened) each.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkVersion(path: string): void {
  if (isAbsentOrEmpty(path)) throw new MigrationRefusedError(`There is no database at ${path}.`);
  const { kind, description } = recognise(path);
  if (kind !== 'cairn') throw new MigrationRefusedError(`${path} is ${description}, and none of Cairn's.`);
  if (readState(path).pending.length === 0) return;
  const database = openReadOnly(path);
  try {
    if (!isOlder(database)) return;
  } finally {
    database.close();
  }
  throw tablesMissing(path);
}

class Verification {
  private findings = 0;

  constructor(
    private readonly database: Database.Database,
    private readonly expected: Database.Database,
    private readonly options: VerifyOptions,
  ) {}

  async run(): Promise<Verified> {
    const { database, expected, report } = this;
    const { path, vaultId, progress } = this.options;
    const file = { kind: 'sqlite', path } as const;
    const positions = await countPositions(file, vaultId);
    let done = 0;
    let statements = 0;
    progress?.(0, positions, 'memories looked at');
    await this.check('integrity', () => this.verifyFile());
    await this.check('schema', () => verifySchema(database, expected, report));
    await this.check('versions', () => verifyVersions(database, report));
    await this.check('statements', () => void (statements = verifyStatements(database, report)));
    await this.check('counts', () => verifyCounts(database, vaultId, report));
    await this.check('references', () => verifyReferences(database, expected, vaultId, report));
    await this.check('index', () =>
      verifyRecallIndex(database, vaultId, report, (looked) => {
        done = Math.min(done + looked, positions);
        progress?.(done, positions, 'memories looked at');
      }),
    );
    let vaults = vaultId === undefined ? 0 : 1;
    if (vaultId === undefined) for await (const _ of allVaults(file)) vaults += 1;
    return { findings: this.findings, vaults, positions, statements };
  }

  private readonly report: Report = (check, message) => {
    this.findings += 1;
    this.options.onFinding(check, message);
  };

  /** One check. What keeps it from being made is a finding of its own, and keeps no other from being made. */
  private async check(what: Check, look: () => Promise<void> | void): Promise<void> {
    try {
      await look();
    } catch (error) {
      const { code, message } = error as Error & { code?: unknown };
      if (typeof code !== 'string' || !code.startsWith('SQLITE_')) throw error;
      this.report(what, `this could not be looked at to its end: ${message}`);
    }
  }

  private verifyFile(): void {
    const problems = this.database.prepare(`PRAGMA integrity_check(${MOST_PROBLEMS})`).pluck().iterate();
    for (const problem of problems) {
      if (problem !== 'ok') this.report('integrity', String(problem).replaceAll(/\s+/g, ' '));
    }
  }
}
