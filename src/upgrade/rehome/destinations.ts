import { isVaultId, vaultIdFor } from '../../vaults/vault-id.js';

/** Where a user goes. */
export interface Destination {
  readonly vaultId: string;
  /** What the vault is called where it is made. */
  readonly name: string;
  /** Somebody has named the vault for this user. */
  readonly mapped: boolean;
}

/** The place of a user's id in the name of a vault. */
export const USER_PLACE = '{user_id}';
export const DEFAULT_NAME = `user-${USER_PLACE}`;

/** Says for each user which vault is to be theirs. */
export class Destinations {
  /**
   * @param name of a vault, with `{user_id}` in it
   * @param map vaults by user, before the name
   */
  constructor(
    private readonly name: string,
    private readonly map: ReadonlyMap<string, string>,
  ) {
    if (!name.includes(USER_PLACE)) throw new Error('Two users would get one vault');
  }

  get users(): Iterable<string> {
    return this.map.keys();
  }

  /** Two users never have one vault unless the map gives it to them: names differ, and ids differ as names do. */
  of(userId: string): Destination {
    const vaultId = this.map.get(userId);
    if (vaultId !== undefined && isVaultId(vaultId)) return { vaultId, name: vaultId, mapped: true };
    const name = this.name.replaceAll(USER_PLACE, () => userId);
    return { vaultId: vaultIdFor(name), name, mapped: false };
  }
}
