import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { PreparedUpdate } from '../tenancy/prepared-statements.js';
import { makeScope } from '../tenancy/scope.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { ApiKey } from './api-key.entity.js';

/** How often the uses of keys are written down. */
const FLUSH_MS = 60_000;
/** Keys whose uses wait to be written at which it is done without waiting longer. */
const MOST_WAITING = 1_000;

/**
 * When each key was used last. A read stays a read: it is noted in memory and written down later, at most once a
 * minute for each key, in units of work of their own. What cannot be written is dropped.
 */
@Injectable()
export class ApiKeyUses implements OnModuleDestroy {
  private readonly logger = new Logger('ApiKeyUses');
  private readonly raise: PreparedUpdate<ApiKey>;
  /** By vault and id of the key; ms since 1970. */
  private waiting = new Map<string, Map<string, number>>();
  private count = 0;
  private timer: NodeJS.Timeout | undefined;
  private flushing = Promise.resolve();

  constructor(
    @InjectRepository(ApiKey) keys: Repository<ApiKey>,
    private readonly tenancy: Tenancy,
  ) {
    this.raise = new PreparedUpdate(
      keys,
      { lastUsedAt: ':at' },
      'id = :id AND (lastUsedAt IS NULL OR lastUsedAt < :before)',
    );
  }

  /** Notes a use of a key, now. */
  note(vaultId: string, id: string): void {
    let uses = this.waiting.get(vaultId);
    if (!uses) this.waiting.set(vaultId, (uses = new Map()));
    if (!uses.has(id)) this.count += 1;
    uses.set(id, Date.now());
    this.timer ??= setTimeout(() => void this.flush(), FLUSH_MS).unref();
    if (this.count >= MOST_WAITING) void this.flush();
  }

  /** When a key of the running scope's vault was used here, if that is not written down yet; ms since 1970. */
  waitingFor(id: string): number | undefined {
    return this.waiting.get(TenantContext.scope().vaultId)?.get(id);
  }

  /** Writes down what was noted. Never fails. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const taken = this.waiting;
    this.waiting = new Map();
    this.count = 0;
    this.flushing = this.flushing.then(() => this.writeAll(taken));
    await this.flushing;
  }

  /** The database closes after this. */
  async onModuleDestroy(): Promise<void> {
    await this.flush();
    clearTimeout(this.timer);
  }

  private async writeAll(taken: ReadonlyMap<string, ReadonlyMap<string, number>>): Promise<void> {
    for (const [vaultId, uses] of taken) {
      try {
        await TenantContext.run(makeScope({ vaultId, permissions: [] }), () =>
          this.tenancy.transaction(async () => {
            for (const [id, at] of uses) await this.raise.run({ id, at, before: at });
          }),
        );
      } catch (error) {
        this.logger.warn(`The uses of API keys could not be written: ${(error as Error).name}`);
      }
    }
  }
}
