import { randomUUID } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { onTestFinished } from 'vitest';
import { loadFlagsConfig } from '../../src/config/config.js';
import { Flags } from '../../src/rollout/flags.service.js';
import { tempFolder } from './temp-folder.js';

Logger.overrideLogger(false);

/** The flags of a service with these settings, for the running test. */
export function flagsOf(env: NodeJS.ProcessEnv, folder = '/'): Flags {
  const flags = new Flags(loadFlagsConfig(env, folder));
  onTestFinished(() => flags.onModuleDestroy());
  return flags;
}

/** What is logged of flags while the running test goes on, a line each with its level. */
export function flagsLog(): readonly string[] {
  const lines: string[] = [];
  const take =
    (level: string) =>
    (message: unknown, ...rest: unknown[]) => {
      if (rest.at(-1) === 'Flags') lines.push(`${level} ${String(message)}`);
    };
  Logger.overrideLogger({ log: take('info'), warn: take('warn'), error: take('error') });
  onTestFinished(() => Logger.overrideLogger(false));
  return lines;
}

/** A file of flags that the running test may edit. */
export class EditedFile {
  readonly path: string;

  constructor(
    text: string | undefined,
    name = 'flags.yaml',
    private readonly folder = tempFolder(),
  ) {
    this.path = join(folder, name);
    if (text !== undefined) this.write(text);
  }

  write(text: string): void {
    writeFileSync(this.path, text);
  }

  /** In one step, as editors and deployments do it. */
  replace(text: string): void {
    const other = join(this.folder, randomUUID());
    writeFileSync(other, text);
    renameSync(other, this.path);
  }
}

/** What the code of a provider may use: its calls, and a state that the test changes. */
export interface ProviderState {
  /** Asked for: flag and vault. */
  readonly calls: string[];
  initialised: number;
  closed: number;
  /** Emits an event of OpenFeature to whoever listens. */
  emit?: (event: string) => void;
  [name: string]: unknown;
}

/**
 * A module of a provider, in a folder of its own.
 *
 * @param resolve the body of a function of `flag`, `all`, `vault` and `state` that resolves a flag
 * @param initialize the body of a function of `state`
 * @returns the path, and the state that the module shares with the test
 */
export function providerModule(
  resolve: string,
  { initialize = '', name = 'made for a test' } = {},
): { path: string; state: ProviderState } {
  const id = randomUUID();
  const state: ProviderState = { calls: [], initialised: 0, closed: 0 };
  const states = ((globalThis as Record<string, unknown>).providerStates ??= {}) as Record<string, unknown>;
  states[id] = state;
  onTestFinished(() => void delete states[id]);
  const path = join(tempFolder(), 'provider.mjs');
  writeFileSync(
    path,
    `const state = globalThis.providerStates?.[${JSON.stringify(id)}] ?? { calls: [] };
const listeners = [];
state.emit = (event) => listeners.forEach(([heard, listener]) => heard === event && listener({}));
const resolve = async (flag, all, { vaultId: vault, targetingKey }) => {
  if (vault !== targetingKey) throw new Error('the context names two vaults');
  state.calls.push(flag + ' ' + vault);
  ${resolve}
};
export default () => ({
  metadata: { name: ${JSON.stringify(name)} },
  events: {
    addHandler: (event, listener) => listeners.push([event, listener]),
    removeHandler: (event, listener) => {
      const at = listeners.findIndex(([heard, one]) => heard === event && one === listener);
      if (at >= 0) listeners.splice(at, 1);
    },
  },
  initialize: async () => { state.initialised++; ${initialize} },
  onClose: async () => { state.closed++; },
  resolveBooleanEvaluation: resolve,
  resolveStringEvaluation: resolve,
});
`,
  );
  return { path, state };
}
