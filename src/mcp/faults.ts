import {
  type JSONRPCResponse,
  ProtocolError,
  ProtocolErrorCode,
  isJSONRPCErrorResponse,
} from '@modelcontextprotocol/server';
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

  /**
   * An answer as it goes out. An internal error without a fault of ours is what the library makes of parameters that it
   * cannot read.
   */
  worded(answer: JSONRPCResponse): JSONRPCResponse {
    if (this.first || !isJSONRPCErrorResponse(answer)) return answer;
    if (answer.error.code !== Number(ProtocolErrorCode.InternalError)) return answer;
    const message = 'The parameters are not those of this method.';
    return { ...answer, error: { code: ProtocolErrorCode.InvalidParams, message } };
  }

  /** @throws the first fault, if there was one */
  throwFirst(): void {
    if (this.first) throw this.first.error;
  }
}
