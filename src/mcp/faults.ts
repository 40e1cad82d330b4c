import { ProtocolError, ProtocolErrorCode } from '@modelcontextprotocol/server';
import type { Run } from './mcp-servers.js';

/** What goes wrong here while messages are answered: kept, since the protocol would word it by the error's message. */
export class Faults {
  /** The first. */
  first: { readonly error: unknown } | undefined;

  readonly noting: Run = async (work) => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      this.first ??= { error };
      throw new ProtocolError(ProtocolErrorCode.InternalError, 'Something went wrong here.');
    }
  };

  /** @throws the first fault, if there was one */
  throwFirst(): void {
    if (this.first) throw this.first.error;
  }
}
