import { Inject, Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { ProviderEvents } from '@openfeature/server-sdk';
import { CONFIG } from '../config/config.js';
import { DEFAULTS } from '../config/settings.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { FlagCache, type Freshness } from './flag-cache.js';
import { FlagClient, type Outcome } from './flag-client.js';
import {
  FLAG_NAMES,
  type FlagName,
  type FlagValue,
  type FlagValues,
  type FlagsConfig,
  defaultFlags,
  safeFlags,
} from './flags.js';
import { OwnFlagsProvider } from './own-flags.provider.js';
import { ProviderModule } from './provider-module.js';
import { ProviderPlug } from './provider-plug.js';
import { within } from './time-limit.js';

/** A provider may change its mind without telling. */
const OF_PROVIDER: Freshness = { goodMs: 5_000, badMs: 1_000 };
/** A file that changes is noticed; nothing else does. */
const OF_OUR_OWN: Freshness = { goodMs: Infinity, badMs: 30_000 };
/** How long a start waits for a provider; after that the service begins with safe values. */
const START_WAIT_MS = 2_000;
/** How long somebody who wants to know why waits for each flag. */
const EXPLAIN_MS = 5_000;
/** How often at most the log says of a flag that it cannot be had. */
const SAY_AGAIN_MS = 60_000;

/** A flag's value for a vault, and where it comes from. */
export interface FlagExplanation {
  readonly flag: FlagName;
  readonly value: FlagValue;
  readonly why: string;
  /** Whether the value stands in for one that could not be had. */
  readonly broken: boolean;
}

/** The feature flags of vaults. */
@Injectable()
export class Flags implements OnModuleInit, OnModuleDestroy {
  private readonly logger = new Logger('Flags');
  private readonly defaults: FlagValues;
  private readonly source: 'provider' | 'own' | 'none';
  private readonly client: FlagClient;
  private readonly own: OwnFlagsProvider;
  private readonly plug: ProviderPlug | undefined;
  private readonly cache: FlagCache;
  private readonly said = new Map<FlagName, number>();
  private opened: Promise<void> | undefined;

  constructor(@Inject(CONFIG) private readonly config: FlagsConfig) {
    const { provider, file, settings } = config.flags;
    this.defaults = Object.freeze(defaultFlags(config));
    this.source = provider ? 'provider' : file || Object.keys(settings).length > 0 ? 'own' : 'none';
    this.client = new FlagClient(this.defaults);
    this.own = new OwnFlagsProvider(config.flags);
    this.cache = new FlagCache(
      Object.freeze(safeFlags(config)),
      provider ? OF_PROVIDER : OF_OUR_OWN,
      (flag, vault) => this.ask(flag, vault),
      (outcomes) => this.sayTrouble(outcomes),
    );
    if (provider) {
      const module = new ProviderModule(provider.module, provider.folder);
      this.plug = new ProviderPlug(this.client, module, this.expire);
    }
  }

  /** Waits for a provider, but not for ever: without it there are safe values. */
  async onModuleInit(): Promise<void> {
    await within(START_WAIT_MS, this.open()).catch(() => {});
  }

  async onModuleDestroy(): Promise<void> {
    if (!this.opened) return;
    this.client.off(ProviderEvents.ConfigurationChanged, this.expire);
    this.own.close();
    if (this.plug) await this.plug.close();
    else this.client.unbind();
  }

  /**
   * The flags of a vault, asked of their provider unless they are known. For the entrances (the guard, commands),
   * before there is a unit of work: it may wait for a provider far away, for a short while only. Never fails.
   *
   * @returns the flags themselves where they are known, though they be asked for again in the background
   */
  load(vaultId: string): FlagValues | Promise<FlagValues> {
    if (this.source === 'none') return this.defaults;
    void this.open();
    return this.cache.load(vaultId);
  }

  /** The flags of the running scope's vault, as far as they are known. */
  here(): FlagValues {
    return this.of(TenantContext.scope().vaultId);
  }

  /**
   * The flags of a vault as far as they are known; of a vault that was never loaded, safe ones. Where no flags are
   * set up there is nothing to be known, and they have their defaults. Never waits.
   */
  of(vaultId: string): FlagValues {
    if (this.source === 'none') return this.defaults;
    void this.open();
    return this.cache.of(vaultId);
  }

  /** Every flag with its value for a vault and the reason, asked for now. Never fails. */
  async explain(vaultId: string): Promise<FlagExplanation[]> {
    await within(EXPLAIN_MS, this.open()).catch(() => {});
    return Promise.all(
      FLAG_NAMES.map(async (flag) => {
        const outcome = await within(EXPLAIN_MS, this.ask(flag, vaultId)).catch((error: Error): Outcome => ({
          ok: false,
          why: error.message,
        }));
        if (outcome.ok) {
          const why = outcome.why === 'default' ? this.whyDefault(flag) : outcome.why;
          return { flag, value: outcome.value, why, broken: false };
        }
        const { value, isLastGood } = this.cache.standIn(vaultId, flag);
        return { flag, value, why: `${isLastGood ? 'last' : 'safe'} value: ${outcome.why}`, broken: true };
      }),
    );
  }

  /** What is wrong with where flags come from, if anything is. */
  get problem(): string | undefined {
    return this.plug ? this.plug.problem : this.own.problem;
  }

  private open(): Promise<void> {
    return (this.opened ??= this.begin());
  }

  private async begin(): Promise<void> {
    this.client.on(ProviderEvents.ConfigurationChanged, this.expire);
    if (this.plug) return this.plug.open();
    this.own.open();
    return this.client.bind(this.own);
  }

  private readonly expire = (): void => this.cache.expire();

  private async ask(flag: FlagName, vault: string): Promise<Outcome> {
    const problem = this.plug?.problem;
    return problem === undefined ? this.client.ask(flag, vault) : { ok: false, why: problem };
  }

  /** What is wrong with the source as a whole has been said already. */
  private sayTrouble(outcomes: ReadonlyMap<FlagName, Outcome>): void {
    if (this.problem !== undefined) return;
    const now = performance.now();
    for (const flag of FLAG_NAMES) {
      const outcome = outcomes.get(flag) ?? { ok: false, why: 'no answer' };
      if (outcome.ok || now < (this.said.get(flag) ?? 0)) continue;
      this.said.set(flag, now + SAY_AGAIN_MS);
      this.logger.warn(`The flag ${flag} has its last or its safe value: ${outcome.why}`);
    }
  }

  private whyDefault(flag: FlagName): string {
    const { waypoints, users, flags } = this.config;
    const settings: Partial<Record<FlagName, string | false>> = {
      'recall.waypoints': waypoints.automatic !== DEFAULTS.automaticWaypoints && 'WAYPOINTS_AUTOMATIC',
      'recall.hybrid-fusion': flags.hybridFusion && 'OM_HYBRID_FUSION',
      'memories.summaries': users.summaries !== DEFAULTS.userSummaries && 'USER_SUMMARIES',
      'memories.reflection': users.reflection !== DEFAULTS.reflection && 'REFLECTION',
    };
    const setting = settings[flag];
    return setting ? `setting ${setting}` : 'default';
  }
}
