import 'reflect-metadata';
import { Logger } from '@nestjs/common';
import { loadFlagsConfig, readEnvironment } from '../config/config.js';
import { type FlagExplanation, Flags } from '../rollout/flags.service.js';
import type { FlagsArguments } from './flags-options.js';

/** Prints the flags of a vault. @returns the exit status: 1 where values stand in for others */
export async function listFlags({ vault, json }: FlagsArguments): Promise<number> {
  const config = loadFlagsConfig(readEnvironment());
  for (const warning of config.warnings) console.error(warning);
  // The explanations say what the log would.
  Logger.overrideLogger(false);
  const flags = new Flags(config);
  const explained = await flags.explain(vault);
  await flags.onModuleDestroy();
  console.log(json ? JSON.stringify({ vault, flags: explained }, null, 2) : table(explained));
  return explained.some(({ broken }) => broken) ? 1 : 0;
}

function table(flags: readonly FlagExplanation[]): string {
  const rows = flags.map(({ flag, value, why }) => [flag, String(value), why]);
  const width = (column: number) => Math.max(...rows.map((row) => row[column].length));
  return rows
    .map(([flag, value, why]) => `${flag.padEnd(width(0))}  ${value.padEnd(width(1))}  ${why}`)
    .join('\n');
}
