import { type ParseArgsConfig, parseArgs } from 'node:util';
import { ConfigError, loadDatabaseConfig, readEnvironment } from '../config/config.js';
import { MigrationRefusedError } from '../upgrade/migration-refused.error.js';
import { isVaultId } from '../vaults/vault-id.js';

/** What is wrong with the command line; shown, with the usage, to the person who typed it. */
export class UsageError extends Error {}

export interface Command {
  /** How it is called, and what it does. */
  readonly usage: string;
  /** What to say of an error that nobody expected, before its stack. */
  readonly failed: string;
}

/**
 * Runs a command. What the person who typed it can mend is told in a sentence or two.
 *
 * @param work returns the exit status, 0 where it returns none
 * @returns the exit status: 2, as is the custom, where the command line or the configuration cannot be used, or
 *   nothing was done
 */
export async function runCommand(
  { usage, failed }: Command,
  work: () => Promise<number | void> | number | void,
): Promise<number> {
  try {
    return (await work()) ?? 0;
  } catch (error) {
    if (error instanceof UsageError) console.error(`${error.message}\n\n${usage}`);
    else if (error instanceof ConfigError) console.error(error.message);
    else if (error instanceof MigrationRefusedError) console.error(`[ERROR] ${error.message}`);
    else console.error(`[ERROR] ${failed}: ${(error as Error).stack}`);
    return 2;
  }
}

/** As `parseArgs`. @throws UsageError */
export function readCommandLine<Config extends ParseArgsConfig>(config: Config) {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

/** The command line of a command that may be given one file. @throws UsageError */
export function readFileArgument(): { readonly help: boolean; readonly file: string | undefined } {
  const { positionals, values } = readCommandLine({
    allowPositionals: true,
    options: { help: { type: 'boolean', short: 'h', default: false } },
  });
  const [file] = positionals as (string | undefined)[];
  if (positionals.length > 1) throw new UsageError(`Unexpected: ${positionals.slice(1).join(' ')}`);
  return { file, help: values.help };
}

/**
 * The file of the embedded database.
 *
 * @param onPostgres what to do instead where the database is on a server
 * @throws UsageError there
 */
export function sqliteFile(onPostgres: string): string {
  const database = loadDatabaseConfig(readEnvironment());
  if (database.kind === 'sqlite') return database.path;
  throw new UsageError(`This command is for SQLite, and ${database.source} names PostgreSQL: ${onPostgres}.`);
}

/** The value of `--vault`. @throws UsageError */
export function readVaultId(value: unknown): string {
  if (isVaultId(value)) return value;
  throw new UsageError(
    '--vault must be 1 to 128 letters, digits, ".", "_", ":" or "-", the first a letter or digit.',
  );
}
