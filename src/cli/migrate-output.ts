import { type StepInfo, steps } from '../../migrations/chain.js';
import type { AdoptionRecord } from '../../migrations/openmemory/record.js';
import { ProgressLine } from './progress-line.js';

export type Print = (line: string) => void;

/** Lists all migrations, those that were applied with their times. @param times in ms since 1970, by version */
export function showSteps(applied: readonly StepInfo[], times: ReadonlyMap<string, number>): void {
  for (const step of steps) {
    const isApplied = applied.includes(step);
    const at = isApplied ? times.get(step.version) : undefined;
    const when = at === undefined ? '' : `  ${new Date(at).toISOString()}`;
    console.log(`[${isApplied ? 'X' : ' '}] ${step.version}  ${step.name}  ${step.title}${when}`);
  }
}

/** Says which vaults the rows of an older database came into. */
export function showVaults({ vaults }: AdoptionRecord, print: Print): void {
  for (const { id, memories } of vaults) {
    print(`[MIGRATE] Vault ${id}: ${memories} ${memories === 1 ? 'memory' : 'memories'}`);
  }
}

/** A request, for a shell, that shows what was taken over, once the service runs. */
export function requestOf({ options, vaults }: AdoptionRecord): string {
  const filled = vaults.filter(({ memories }) => memories > 0).map(({ id }) => id);
  const vault = filled.length === 0 || filled.includes(options.vault) ? options.vault : filled[0];
  const port = process.env.PORT ?? process.env.OM_PORT ?? '8080';
  return `curl -H 'X-Vault-Id: ${vault}' http://127.0.0.1:${port}/v1/memories`;
}

/** Runs a change of a database with its progress on standard error, and its lines above that. */
export async function withProgress<Report>(
  print: Print,
  change: (output: {
    log: (line: string) => void;
    progress: (done: number, total: number, what: string) => void;
  }) => Promise<Report>,
): Promise<Report> {
  const line = new ProgressLine(process.stderr);
  try {
    return await change({
      log: (text) => line.above(() => print(text)),
      progress: (done, total, what) => line.show(done, total, what),
    });
  } finally {
    line.clear();
  }
}
