import { readFileSync } from 'node:fs';
import { hasDuplicateNames } from '../auth/duplicate-names.js';
import { DEFAULT_NAME, Destinations, USER_PLACE } from '../upgrade/rehome/destinations.js';
import { isVaultId } from '../vaults/vault-id.js';
import { UsageError, readCommandLine, readVaultId } from './command.js';

export const USAGE = `Moves users of a vault, with everything that is theirs, into vaults of their own.

  npm run rehome -- --vault default-vault --by user            each user to the vault user-<user id>
  npm run rehome -- … --to 'team-{user_id}'                    to vaults of other names
  npm run rehome -- … --map FILE                               some to vaults that a JSON object names:
                                                               {"alice": "acme", "bob": "acme", "carol": "globex"}
  npm run rehome -- … --dry-run                                says what would happen, and changes nothing

Names that are no vault ids are encoded, so that two users never get one vault; only the file may give them one. A user
whom it gives the vault they are in stays. A vault that has rows already is used only where the file names it.
What users share stays, and is reported: conversations with memories of several, memories and facts that waypoints and
edges join to those of another, what belongs with these, and whatever belongs to nobody.

The database is the one of DATABASE_URL, on PostgreSQL as the role of DATABASE_MIGRATOR_URL; a service may go on using
it. It can be stopped at any time: run it again, and it goes on. The exit status is 0 when all went that could, 1 when
a user's vault was none to move to or it ended in the midst of it, 2 when nothing was done.`;

export interface RehomeArguments {
  readonly vault: string;
  readonly destinations: Destinations;
  readonly dryRun: boolean;
}

/** Reads the command line. @throws UsageError */
export function readRehomeArguments(): RehomeArguments | 'help' {
  const { values } = readCommandLine({
    options: {
      vault: { type: 'string' },
      by: { type: 'string' },
      to: { type: 'string', default: DEFAULT_NAME },
      map: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.vault === undefined) throw new UsageError('--vault says which vault users are to leave.');
  if (values.by !== 'user') throw new UsageError('--by says what is to have vaults of its own: --by user.');
  if (!values.to.includes(USER_PLACE)) {
    throw new UsageError(
      `--to must hold ${USER_PLACE}, or users would share a vault: --to '${DEFAULT_NAME}'.`,
    );
  }
  if (!values.to.isWellFormed()) throw new UsageError('--to must be well-formed text.');
  return {
    vault: readVaultId(values.vault),
    destinations: new Destinations(values.to, values.map === undefined ? new Map() : readMap(values.map)),
    dryRun: values['dry-run'],
  };
}

/** What a file for `--map` says. @throws UsageError */
function readMap(file: string): Map<string, string> {
  let value: unknown;
  try {
    const text = readFileSync(file, 'utf8');
    value = JSON.parse(text);
    if (hasDuplicateNames(text)) throw new Error('a user stands in it twice');
  } catch (error) {
    throw new UsageError(`--map: ${file} cannot be used (${(error as Error).message}).`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`--map: ${file} must hold a JSON object of users with the vault of each.`);
  }
  return new Map(
    Object.entries(value).map(([user, vault]: [string, unknown]) => {
      if (user === '') throw new UsageError('--map: what belongs to nobody stays where it is.');
      if (isVaultId(vault)) return [user, vault];
      throw new UsageError(`--map: the vault of ${JSON.stringify(user)} is no vault id.`);
    }),
  );
}
