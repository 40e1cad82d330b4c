import { Mutex } from '../mutex.js';

/**
 * The writers of each vault in this process, one after the other. They would wait for each other in the database
 * anyway, and there each would keep a connection from the requests of others.
 */
export class VaultTurns {
  private readonly lines = new Map<string, { readonly mutex: Mutex; length: number }>();

  /**
   * Waits for the vault's turn.
   *
   * @returns what ends the turn
   * @throws BusyError after `limitMs`
   */
  async take(vaultId: string, limitMs: number): Promise<() => void> {
    const line = this.lines.get(vaultId) ?? { mutex: new Mutex(), length: 0 };
    this.lines.set(vaultId, line);
    line.length += 1;
    const leave = () => {
      line.length -= 1;
      if (line.length === 0) this.lines.delete(vaultId);
    };
    try {
      const release = await line.mutex.acquire(limitMs);
      return () => {
        release();
        leave();
      };
    } catch (error) {
      leave();
      throw error;
    }
  }
}
