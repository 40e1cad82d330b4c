import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { ApiError } from '../http/api-error.js';
import { VaultTimers, pause } from '../operations/vault-timers.js';
import { Flags } from '../rollout/flags.service.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { MemoryReinforcement } from './memory-reinforcement.js';
import type { Memory } from './memory.entity.js';

/** Gained by being found: less than where somebody says that a memory was of use; OpenMemory's for what it passes. */
const AMOUNT = 0.05;
/** How long after a search: what is found again meanwhile is reinforced once. */
const DELAY_MS = 1_000;

/**
 * Reinforces what searches find, in the vaults where the flag `recall.reinforce-on-read` says so. The search itself
 * stays a read: it waits for nothing and never fails by this, and what a kill loses is lost.
 */
@Injectable()
export class ReinforcementOnRead implements OnModuleDestroy {
  private readonly logger = new Logger('ReinforcementOnRead');
  private readonly timers: VaultTimers;

  constructor(
    private readonly reinforcement: MemoryReinforcement,
    private readonly flags: Flags,
  ) {
    this.timers = new VaultTimers('ReinforcementOnRead', DELAY_MS, (ids) => this.run(ids));
  }

  async onModuleDestroy(): Promise<void> {
    await this.timers.stop();
  }

  /** For what the running scope has found: of that, what it might reinforce if it asked. */
  found(results: readonly { readonly memory: Memory }[]): void {
    const { userId, permissions } = TenantContext.scope();
    if (!permissions.has('write') || !this.flags.here()['recall.reinforce-on-read']) return;
    const own = results.filter(({ memory }) => userId === undefined || memory.userId === userId);
    if (own.length > 0) this.timers.start(own.map(({ memory }) => memory.id));
  }

  private async run(ids: readonly string[]): Promise<void> {
    for (const id of ids) {
      if (this.timers.stopping) return;
      try {
        await this.reinforcement.reinforce(id, AMOUNT);
      } catch (error) {
        // It is gone, or its vault is closed. The others' turn all the same.
        if (!(error instanceof ApiError)) this.logger.warn(`Not done: ${(error as Error).name}`);
      }
      await pause();
    }
  }
}
