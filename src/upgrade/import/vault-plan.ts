import { vaultIdFor } from '../../vaults/vault-id.js';

/** A vault that rows come into. */
export interface PlannedVault {
  readonly id: string;
  /** What it is called where it is made. */
  readonly name: string;
}

/** Names that databases give to rows of no vault in particular. */
const NO_VAULT = new Set(['', 'default-vault']);

/** Says into which vault a source's rows come. */
export class VaultPlan {
  /**
   * @param vault for all rows whose source knows no vaults, or none for them
   * @param single for all the others too
   * @param map the vaults of this service by those of the source
   * @param prefix stands before the names of the source's vaults, all of which are named then
   */
  constructor(
    private readonly vault: string,
    private readonly single = false,
    private readonly map: ReadonlyMap<string, string> = new Map(),
    private readonly prefix = '',
  ) {}

  /** Tells it from plans that lead elsewhere. */
  get key(): unknown {
    const map = [...this.map].sort();
    return this.prefix === '' ? [this.vault, this.single, map] : [this.vault, this.single, map, this.prefix];
  }

  /** @param name the vault that the source has a row in */
  of(name: string | undefined): PlannedVault {
    const named = this.map.get(name ?? '');
    if (named !== undefined) return { id: named, name: named };
    const isNone = name === undefined || (this.prefix === '' && NO_VAULT.has(name));
    if (this.single || isNone) return { id: this.vault, name: this.vault };
    const whole = this.prefix + name;
    return { id: vaultIdFor(whole), name: whole };
  }
}
