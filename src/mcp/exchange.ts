import {
  type JSONRPCMessage,
  type JSONRPCResponse,
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
  private answered: ((answer: JSONRPCResponse) => void) | undefined;

  /**
   * One message after another: a batch takes no more of the database at once than a request by itself.
   *
   * @returns the answers, in the order of the requests
   */
  async run(server: Server, messages: readonly JSONRPCMessage[]): Promise<JSONRPCResponse[]> {
    const answers: JSONRPCResponse[] = [];
    await server.connect(this);
    try {
      for (const message of messages) {
        if (isJSONRPCRequest(message)) answers.push(await this.ask(message));
        else this.onmessage?.(message);
      }
    } finally {
      await server.close();
    }
    return answers;
  }

  private ask(message: JSONRPCMessage): Promise<JSONRPCResponse> {
    return new Promise((resolve) => {
      this.answered = resolve;
      this.onmessage?.(message);
    });
  }

  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    // There is nothing else that would be sent, and it would have nowhere to go.
    if (isJSONRPCResponse(message)) this.answered?.(message);
  }

  async close(): Promise<void> {
    this.onclose?.();
  }
}
