import {
  type JSONRPCMessage,
  type JSONRPCResponse,
  type RequestId,
  type Server,
  type Transport,
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResponse,
} from '@modelcontextprotocol/server';

const INTERNAL_ERROR = -32603;
const INVALID_PARAMS = -32602;

/**
 * The connection of a server that lives for the messages of one HTTP request: they go in, and the answers to those
 * that are requests are waited for, inside the request's own context.
 */
export class Exchange implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: () => void;
  onerror?: (error: Error) => void;
  private readonly answers = new Map<RequestId, JSONRPCResponse>();
  private awaited = 0;
  private finished: (() => void) | undefined;

  /**
   * @param hasFault whether one of our own faults was met: an internal error without one is what the library makes of
   *   parameters that it cannot read
   */
  constructor(private readonly hasFault: () => boolean) {}

  /** @param messages requests with ids of their own @returns the answers, in the order of the requests */
  async run(server: Server, messages: readonly JSONRPCMessage[]): Promise<JSONRPCResponse[]> {
    const requests = messages.filter((message) => isJSONRPCRequest(message));
    this.awaited = requests.length;
    await server.connect(this);
    try {
      await new Promise<void>((resolve) => {
        this.finished = resolve;
        for (const message of messages) this.onmessage?.(message);
        if (this.awaited === 0) resolve();
      });
    } finally {
      await server.close();
    }
    return requests.flatMap(({ id }) => this.answers.get(id) ?? []);
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    // What belongs to no request (there is nothing of the kind) has nowhere to go.
    if (!isJSONRPCResponse(message) || message.id === undefined || this.answers.has(message.id)) return;
    this.answers.set(message.id, this.worded(message));
    if (this.answers.size === this.awaited) this.finished?.();
  }

  async close(): Promise<void> {
    this.onclose?.();
  }

  private worded(message: JSONRPCResponse): JSONRPCResponse {
    if (!isJSONRPCErrorResponse(message) || message.error.code !== INTERNAL_ERROR || this.hasFault())
      return message;
    return {
      ...message,
      error: { code: INVALID_PARAMS, message: 'The parameters are not those of this method.' },
    };
  }
}
