import { parseArgs } from 'node:util';
import { OPERATIONS, type OperationName } from './operations.js';
import type { Extent } from './stand.js';
import type { Plan } from './stands.js';

const SIZES = [100, 1_000, 10_000, 100_000];
const VAULTS = 100;
const VAULTS_IN_FULL = 1_000;
const MEMORIES_OF_A_VAULT = 1_000;
const ROUNDS = 15;
export const SEED = 20_220;

export const USAGE = `npm run bench -- [options]
  --sizes 100,1000   memories of one user (100,1000,10000,100000); without --vaults, no vaults are measured
  --vaults N         beside them, N vaults of 1,000 memories (100); 0: none
  --full             1,000 vaults of 1,000
  --only add,search  of add, batch, get, list, search
  --rounds N         rounds that count (15)
  --seed N           of the texts and queries (${SEED})
`;

/** What was asked for cannot be understood; the message says why. */
export class UsageError extends Error {}

/** @throws UsageError */
export function readOptions(args: string[]): Plan & { readonly partial: boolean } {
  const { values } = parse(args);
  const sizes = values.sizes?.split(',').map((size) => whole('sizes', size)) ?? SIZES;
  const extents: Extent[] = sizes.map((memories) => ({ vaults: 1, memories }));
  const vaults = vaultsOf(values);
  if (vaults > 0) extents.push({ vaults, memories: MEMORIES_OF_A_VAULT });
  return {
    extents,
    operations: new Set(values.only?.split(',').map(operation) ?? OPERATIONS),
    rounds: whole('rounds', values.rounds ?? String(ROUNDS)),
    seed: whole('seed', values.seed ?? String(SEED)),
    partial: values.only !== undefined || values.sizes !== undefined,
  };
}

interface Values {
  readonly sizes?: string;
  readonly vaults?: string;
  readonly full?: boolean;
}

function vaultsOf({ sizes, vaults, full }: Values): number {
  if (full) return VAULTS_IN_FULL;
  if (vaults === '0') return 0;
  if (vaults !== undefined) return whole('vaults', vaults);
  return sizes === undefined ? VAULTS : 0;
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        sizes: { type: 'string' },
        vaults: { type: 'string' },
        full: { type: 'boolean' },
        only: { type: 'string' },
        rounds: { type: 'string' },
        seed: { type: 'string' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function whole(option: string, text: string): number {
  if (!/^[1-9]\d{0,6}$/.test(text))
    throw new UsageError(`--${option}: ${text} is not a number from 1 to 9,999,999`);
  return Number(text);
}

function operation(name: string): OperationName {
  const known = OPERATIONS.find((one) => one === name);
  if (!known) throw new UsageError(`--only: ${name} is not one of ${OPERATIONS.join(', ')}`);
  return known;
}
