import {
  type JSONRPCMessage,
  type JSONRPCResponse,
  type RequestId,
  type Server,
  type Transport,
  isJSONRPCRequest,
  isJSONRPCResponse,
} from '@modelcontextprotocol/server';

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
    this.answers.set(message.id, message);
    if (this.answers.size === this.awaited) this.finished?.();
  }

  async close(): Promise<void> {
    this.onclose?.();
  }
}
