import { setImmediate as nextTurn } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import { makeScope } from '../tenancy/scope.js';
import { TenantContext } from '../tenancy/tenant-context.js';

/** Ids of one vault that are remembered until the job runs; for more the job has to look by itself. */
const MAX_REMEMBERED = 1_000;

/** What waits in one vault. */
interface Waiting {
  readonly timer: NodeJS.Timeout;
  readonly ids: Set<string>;
}

/**
 * A job that follows what happens in a vault, a while later: however often it is asked for meanwhile, it runs
 * once, in that vault's own context, and neither keeps a request waiting nor makes one fail.
 */
export class VaultTimers {
  private readonly logger: Logger;
  private readonly waiting = new Map<string, Waiting>();
  private readonly running = new Set<Promise<void>>();
  private stopped = false;

  /**
   * @param name for the log
   * @param delayMs from the first call on: more calls do not put it off
   * @param job gets the ids (of users, of memories) for which it was asked
   */
  constructor(
    name: string,
    private readonly delayMs: number,
    private readonly job: (ids: readonly string[]) => Promise<void>,
  ) {
    this.logger = new Logger(name);
  }

  /** Whether the job is to end at its next step. */
  get stopping(): boolean {
    return this.stopped;
  }

  /** For the vault of the running scope. */
  start(ids: readonly string[]): void {
    if (this.stopped) return;
    const { vaultId } = TenantContext.scope();
    let waiting = this.waiting.get(vaultId);
    if (!waiting) {
      const timer = setTimeout(() => this.run(vaultId), this.delayMs).unref();
      this.waiting.set(vaultId, (waiting = { timer, ids: new Set() }));
    }
    for (const id of ids) if (waiting.ids.size < MAX_REMEMBERED) waiting.ids.add(id);
  }

  /** Ends what waits, and waits for what runs. */
  async stop(): Promise<void> {
    this.stopped = true;
    for (const { timer } of this.waiting.values()) clearTimeout(timer);
    this.waiting.clear();
    await Promise.all(this.running);
  }

  private run(vaultId: string): void {
    const ids = [...(this.waiting.get(vaultId)?.ids ?? [])];
    this.waiting.delete(vaultId);
    const run = TenantContext.run(makeScope({ vaultId, permissions: [] }), () => this.job(ids))
      .catch((error: unknown) => this.logger.warn(`Not done: ${(error as Error).name}`))
      .finally(() => this.running.delete(run));
    this.running.add(run);
  }
}

/** Lets requests have their turn between two steps of a job. */
export async function pause(): Promise<void> {
  await nextTurn();
}
