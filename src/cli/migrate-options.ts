import { readFileSync } from 'node:fs';
import { type AdoptionOptions, DEFAULT_ADOPTION } from '../../migrations/openmemory/owners.js';
import { hasDuplicateNames } from '../auth/duplicate-names.js';
import { isVaultId } from '../vaults/vault-id.js';
import { UsageError, readCommandLine } from './command.js';

export const USAGE = `Brings the database's schema up to this version, or back. A database of OpenMemory is taken over.

  npm run migration:run                          all migrations that are missing
  npm run migration:run -- --migration=NAME      those up to NAME (or a version, such as 1.2.0)
  npm run migration:run -- --dry-run             does it to a copy, which goes, and says how it went
  npm run migration:run -- --no-backup           without copying the database first
  npm run migration:revert [-- --no-backup]      takes the newest migration back
  npm run migration:show                         lists them

Of a database of OpenMemory:

  npm run migration:run -- --vault NAME          its rows come into the vault NAME instead of default-vault
  npm run migration:run -- --single-vault        former tenants (of API keys) get no vaults of their own
  npm run migration:run -- --vault-map FILE      a JSON object says which owner's rows come into which vault:
                                                 {"alice": "acme", "": "acme-shared"} ("": no owner)

The database is the one of DATABASE_URL (or OM_DB_PATH). On any error nothing has changed, and the exit status
is 2. After a run the recall index is filled; where that fails the exit status is 1.`;

export interface MigrateArguments {
  readonly command: string;
  readonly to?: string;
  readonly dryRun: boolean;
  readonly backup: boolean;
  readonly help: boolean;
  readonly adoption: AdoptionOptions;
}

/** Reads the command line. @throws UsageError */
export function readArguments(): MigrateArguments {
  const { positionals, values } = parse();
  if (positionals.length > 1) throw new UsageError(`Unexpected: ${positionals.slice(1).join(' ')}`);
  const command = positionals[0] ?? 'run';
  const ofRun = ['migration', 'dry-run', 'vault', 'single-vault', 'vault-map'] as const;
  const given = ofRun.filter((name) => values[name] !== undefined && values[name] !== false);
  if (command !== 'run' && given.length > 0) {
    const names = given.map((name) => `--${name}`).join(' and ');
    throw new UsageError(`${names} ${given.length > 1 ? 'go' : 'goes'} with "run", not with "${command}".`);
  }
  const { vault = DEFAULT_ADOPTION.vault } = values;
  return {
    command,
    to: values.migration,
    dryRun: values['dry-run'],
    backup: !values['no-backup'],
    help: values.help,
    adoption: {
      vault: checked(vault, '--vault'),
      singleVault: values['single-vault'],
      vaultMap: values['vault-map'] === undefined ? {} : readVaultMap(values['vault-map']),
    },
  };
}

function parse() {
  return readCommandLine({
    allowPositionals: true,
    options: {
      migration: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      'no-backup': { type: 'boolean', default: false },
      vault: { type: 'string' },
      'single-vault': { type: 'boolean', default: false },
      'vault-map': { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

function checked(vault: unknown, where: string): string {
  if (isVaultId(vault)) return vault;
  throw new UsageError(
    `${where} must be a vault id: 1 to 128 letters, digits, ".", "_", ":" or "-", the first a letter or digit.`,
  );
}

/** What a file for `--vault-map` says. @throws UsageError */
export function readVaultMap(file: string): Record<string, string> {
  let value: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    value = JSON.parse(text);
    if (hasDuplicateNames(text)) throw new Error('an owner stands in it twice');
  } catch (error) {
    throw new UsageError(`--vault-map: ${file} cannot be used (${(error as Error).message}).`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`--vault-map: ${file} must hold a JSON object of owners with the vault of each.`);
  }
  return Object.fromEntries(
    Object.entries(value).map(([owner, vault]) => [
      owner,
      checked(vault, `--vault-map: the vault of ${JSON.stringify(owner)}`),
    ]),
  );
}
