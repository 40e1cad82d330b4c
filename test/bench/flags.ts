import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { loadFlagsConfig } from '../../src/config/config.js';
import { FLAG_NAMES, isSwitch } from '../../src/rollout/flags.js';
import { Flags } from '../../src/rollout/flags.service.js';

const ROUNDS = 9;
const VAULTS = 1_000;
/** Times that each vault is asked for in a round. */
const TIMES = 200;

/** CPU of a vault's flags, microseconds each round: known ones, and ones asked of the provider. */
export interface FlagCosts {
  readonly known: readonly number[];
  readonly asked: readonly number[];
}

/**
 * What it costs to ask for the flags of a vault, with a file of rules for each: lists of 1,000 vaults, and
 * percentages. All of it in this process: timers and the file's polling are in the figures.
 */
export async function measureFlags(): Promise<FlagCosts> {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-flags-'));
  const file = join(folder, 'flags.json');
  writeFileSync(file, JSON.stringify({ flags: Object.fromEntries(FLAG_NAMES.map(ruled)) }));
  Logger.overrideLogger(false);
  const flags = new Flags(loadFlagsConfig({ FLAGS_FILE: file }, folder));
  const known: number[] = [];
  const asked: number[] = [];
  try {
    for (let round = -1; round < ROUNDS; round++) {
      const vaults = Array.from({ length: VAULTS }, (_, at) => `round-${round}-vault-${at}`);
      const anew = await cpuOf(async () => {
        for (const vault of vaults) await flags.load(vault);
      });
      let on = 0;
      const again = await cpuOf(async () => {
        for (let time = 0; time < TIMES; time++) {
          for (const vault of vaults) {
            const values = flags.load(vault);
            if (values instanceof Promise) throw new Error('Flags that are known are waited for.');
            if (values.mcp && flags.of(vault).mcp) on += 1;
          }
          // What goes on in the background has its turn.
          await setImmediate();
        }
      });
      if (on === 0 || on === VAULTS * TIMES) throw new Error('The rules have no effect.');
      // The first round warms up.
      if (round < 0) continue;
      asked.push(anew / VAULTS);
      known.push(again / (VAULTS * TIMES));
    }
    return { known, asked };
  } finally {
    await flags.onModuleDestroy();
    rmSync(folder, { recursive: true });
  }
}

function ruled(flag: (typeof FLAG_NAMES)[number]): [string, object] {
  const listed = Array.from({ length: VAULTS }, (_, at) => `listed-${at}`);
  const [value, other] = isSwitch(flag) ? [true, false] : ['shadow', 'enforced'];
  const rules = [
    { value: other, vaults: listed },
    { value, percentage: 50 },
  ];
  return [flag, { rules, default: other }];
}

/** Microseconds. */
async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}
