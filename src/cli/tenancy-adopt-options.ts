import { resolve } from 'node:path';
import { UsageError, readCommandLine } from './command.js';
import { readTableList } from './table-list.js';

export const USAGE = `Gives the tables of another program's SQLite database vaults, for those who keep running that program.

  npm run tenancy:adopt -- --database FILE --preset metamorph     Metamorph's migrations that are missing
      --migration ID       one of them: 001_add_vault_id, 002_add_vercel_sandbox_tables
  npm run tenancy:adopt -- --database FILE --tables a,b,c         these tables; "a, b" in quotation marks is one name

  --dry-run       does it to a copy, which goes, and says how it went
  --no-backup     without copying the database first
  --rollback      takes the last migration back (or that of --migration, or the tables named): indexes and empty
                  tables go, columns and the vaults in them stay
  --status        says what was done, and changes nothing

Each table gets the column vault_id, every row the vault default-vault, and indexes that begin with it. All is one
transaction, in which every row is proven to be what it was. The exit status is 0; 1 when all else was done, and a
table named by --tables cannot have a vault or an index has another's name; 2 when nothing was changed.`;

export interface TenancyArguments {
  readonly help: boolean;
  readonly action: 'up' | 'down' | 'status';
  readonly path: string;
  /** Undefined for Metamorph's. */
  readonly tables?: readonly string[];
  readonly migration?: string;
  readonly dryRun: boolean;
  readonly backup: boolean;
}

/** Reads the command line. @throws UsageError */
export function readArguments(): TenancyArguments {
  const { values } = readCommandLine({
    options: {
      database: { type: 'string' },
      preset: { type: 'string' },
      tables: { type: 'string', multiple: true },
      migration: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      'no-backup': { type: 'boolean', default: false },
      rollback: { type: 'boolean', default: false },
      status: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const { help, preset, tables, migration, rollback, status } = values;
  const common = { help, dryRun: values['dry-run'], backup: !values['no-backup'], migration };
  if (help) return { ...common, action: 'status', path: '' };
  if (status && (rollback || migration !== undefined || values['dry-run'] || values['no-backup'])) {
    throw new UsageError('--status goes with --database and with --preset or --tables, and nothing else.');
  }
  if ((preset === undefined) === (tables === undefined)) {
    throw new UsageError('Whose tables are they? Either --preset metamorph or --tables a,b,c.');
  }
  if (preset !== undefined && preset !== 'metamorph') {
    throw new UsageError(`There is no preset "${preset}". There is: metamorph.`);
  }
  if (tables !== undefined && migration !== undefined) {
    throw new UsageError('--migration goes with --preset.');
  }
  return {
    ...common,
    action: status ? 'status' : rollback ? 'down' : 'up',
    path: readPath(values.database),
    tables: tables && readTableList(tables),
  };
}

function readPath(database: string | undefined): string {
  if (!database) throw new UsageError('Which database? --database FILE');
  const path = database.replace(/^sqlite:/, '');
  if (/^\w+:\/\//.test(path))
    throw new UsageError('--database is an SQLite file: this command is for SQLite.');
  return resolve(path);
}
