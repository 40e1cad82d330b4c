import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, type Config } from '../config/config.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { type FlagValues, defaultFlags } from './flags.js';

/** The feature flags of vaults. */
@Injectable()
export class Flags {
  private readonly defaults: FlagValues;

  constructor(@Inject(CONFIG) config: Config) {
    this.defaults = defaultFlags(config);
  }

  /**
   * The flags of a vault, asked of their provider unless they are known. For the entrances (the guard, commands),
   * before there is a unit of work: it may wait for a provider far away, for a short while only. Never fails.
   */
  load(vaultId: string): FlagValues | Promise<FlagValues> {
    return this.of(vaultId);
  }

  /** The flags of the running scope's vault, as far as they are known. */
  here(): FlagValues {
    return this.of(TenantContext.scope().vaultId);
  }

  /** The flags of a vault as far as they are known. Never waits. */
  of(_vaultId: string): FlagValues {
    return this.defaults;
  }
}
