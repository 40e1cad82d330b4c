import { DEFAULT_VAULT } from '../vaults/vault-id.js';
import { readCommandLine, readVaultId } from './command.js';

export const USAGE = `Lists the feature flags with their values for a vault, and says why they have them.

  npm run --silent flags
  npm run --silent flags -- --vault acme --json

  --vault ID   the vault; ${DEFAULT_VAULT} without it
  --json       the same as JSON

Flags come from FLAGS_FILE, FLAGS_PROVIDER or the settings FLAG_…, as for the service; the database is not needed. The
exit status is 0, 1 where flags could not be had and safe values stand in for them, and 2 for a command line or a
configuration that cannot be used.`;

export interface FlagsArguments {
  readonly vault: string;
  readonly json: boolean;
}

/** @throws UsageError */
export function readFlagsArguments(): FlagsArguments | 'help' {
  const { values } = readCommandLine({
    options: {
      vault: { type: 'string', default: DEFAULT_VAULT },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  return values.help ? 'help' : { vault: readVaultId(values.vault), json: values.json };
}
