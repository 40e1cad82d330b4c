import { mintToken } from '../harness/tokens.js';
import { Connection } from './connection.js';

/** Connections that requests are sent on at once, each kept open. */
const CONNECTIONS = 8;

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  /** The only status that counts as an answer; 200 when absent. */
  readonly status?: number;
}

/**
 * Keeps this process from sleeping while it waits for answers. The server's write has to wake a sleeper, and
 * that costs the server (on a virtual machine, a third of a small request), the more often the slower the
 * route is: a cost of the measuring and not of the service.
 *
 * @returns ends it
 */
function stayAwake(): () => void {
  let pending = setImmediate(function turn() {
    pending = setImmediate(turn);
  });
  return () => clearImmediate(pending);
}

/** A user of one vault, who sends many requests. */
export class Load {
  private readonly credential: string;
  private connections: readonly Connection[] = [];

  constructor(
    private readonly baseUrl: string,
    vault: string,
  ) {
    const permissions = ['read', 'write', 'delete'];
    this.credential = `authorization: Bearer ${mintToken({ vault, user: 'u1', permissions })}`;
  }

  /**
   * Sends `count` requests, a few at once.
   *
   * @param callOf the n-th request
   * @returns the bodies of the answers, in the order of the requests
   * @throws Error on the first answer with another status
   */
  async send(count: number, callOf: (n: number) => Call): Promise<string[]> {
    await this.connect();
    const bodies = new Array<string>(count);
    let next = 0;
    const sendOn = async (connection: Connection) => {
      for (let n = next++; n < count; n = next++) bodies[n] = await this.call(connection, callOf(n));
    };
    const sleep = stayAwake();
    try {
      await Promise.all(this.connections.map(sendOn));
    } finally {
      sleep();
    }
    return bodies;
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }

  private async connect(): Promise<void> {
    const open = this.connections.filter(({ closed }) => !closed);
    const missing = Array.from({ length: CONNECTIONS - open.length }, () => Connection.open(this.baseUrl));
    this.connections = [...open, ...(await Promise.all(missing))];
  }

  private async call(connection: Connection, { method, path, body, status = 200 }: Call): Promise<string> {
    const content = body === undefined ? '' : JSON.stringify(body);
    const head = [`${method} ${path} HTTP/1.1`, 'host: localhost', this.credential];
    if (body !== undefined) {
      head.push('content-type: application/json', `content-length: ${Buffer.byteLength(content)}`);
    }
    const answer = await connection.send(`${head.join('\r\n')}\r\n\r\n${content}`);
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
    return answer.body;
  }
}
