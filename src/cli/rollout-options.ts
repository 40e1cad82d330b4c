import { MAX_DAYS, USUAL_DAYS } from '../rollout/rollout-days.js';
import { UsageError, readCommandLine, readVaultId } from './command.js';

export const USAGE = `Says where a vault stands in a roll-out, what the next step would change, and how it is made.

  npm run rollout -- --vault default-vault
  npm run rollout -- --vault default-vault --days 7

  --vault ID   the vault
  --days N     days of requests to look at, today the last of them; ${USUAL_DAYS} without it, ${MAX_DAYS} at most
  --json       as GET /v1/vaults/ID/rollout answers it

It changes nothing. The database is the one of DATABASE_URL and the flags are those of the environment, so run it with
the settings of the service; a service may go on using the database, and has requests of the last 30 seconds that are
not in it yet. The exit status is 0, and 2 when the vault is not there or it could not be looked at.`;

export interface RolloutArguments {
  readonly vault: string;
  readonly days: number;
  readonly json: boolean;
}

/** @throws UsageError */
export function readRolloutArguments(): RolloutArguments | 'help' {
  const { values } = readCommandLine({
    options: {
      vault: { type: 'string' },
      days: { type: 'string', default: `${USUAL_DAYS}` },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  if (values.vault === undefined) throw new UsageError('--vault says which vault to look at.');
  const days = /^\d{1,3}$/.test(values.days) ? Number(values.days) : 0;
  if (days < 1 || days > MAX_DAYS) throw new UsageError(`--days must be a number from 1 to ${MAX_DAYS}.`);
  return { vault: readVaultId(values.vault), days, json: values.json };
}
