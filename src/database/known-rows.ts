/** Values of one kind that are kept at once: beyond that, all of them are read anew. */
const CAPACITY = 500;

/**
 * What units of work have read or written through the one connection that writes, for those that come after. It holds
 * for as long as nobody else writes to the database and nothing is taken back: whose connection it is empties it then.
 */
export class KnownRows {
  private readonly kinds = new Map<string, Map<string, unknown>>();

  /** @param kind a table, whose values are forgotten when a statement writes to it; or another name */
  get(kind: string, vaultId: string, key: string): unknown {
    return this.kinds.get(kind)?.get(keyOf(vaultId, key));
  }

  set(kind: string, vaultId: string, key: string, value: unknown): void {
    let known = this.kinds.get(kind);
    if (!known) this.kinds.set(kind, (known = new Map<string, unknown>()));
    if (known.size >= CAPACITY) known.clear();
    known.set(keyOf(vaultId, key), value);
  }

  forget(kind: string): void {
    this.kinds.get(kind)?.clear();
  }

  clear(): void {
    this.kinds.clear();
  }
}

/** No vault has a blank in its id. */
function keyOf(vaultId: string, key: string): string {
  return `${vaultId} ${key}`;
}
