import { mintToken } from '../harness/tokens.js';
import { type Answer, Connection } from './connection.js';

/** Connections that requests are sent on at once, each kept open. */
export const CONNECTIONS = 8;
/** Filling a million memories takes its time. Seconds. */
const TOKEN_LIFE = 24 * 3600;

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as it is, with `type` as its content type, in the place of `body`. */
  readonly text?: string;
  /** application/json when absent. */
  readonly type?: string;
  /** The only status that counts as an answer, 200 when absent; `any`: whatever the answer is. */
  readonly status?: number | 'any';
  /** Whose request it is: a header, see `credentialOf`. */
  readonly credential: string;
}

/** What was answered, in the order of the requests. */
export interface Sent {
  readonly bodies: string[];
  /** From each request to its answer. */
  readonly milliseconds: number[];
}

/** What names a user of a vault, or the vault's own service: the header of a request. */
export function credentialOf(
  vault: string,
  user?: string,
  permissions = ['read', 'write', 'delete', ...(user === undefined ? ['vault'] : [])],
): string {
  return `authorization: Bearer ${mintToken({ vault, user, permissions, expiresInSeconds: TOKEN_LIFE })}`;
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

/** @throws Error */
function expectStatus({ method, path, status = 200 }: Call, answer: Answer): void {
  if (status === 'any' || answer.status === status) return;
  throw new Error(`${method} ${path}: ${answer.status} ${answer.body.slice(0, 1_000)}`);
}

/** Sends many requests to a server, a few at once. */
export class Load {
  private connections: readonly Connection[] = [];

  /**
   * @param parallel how many requests are under way at once; with one, each is sent after the answer before
   */
  constructor(
    private readonly baseUrl: string,
    private readonly parallel = CONNECTIONS,
  ) {}

  /**
   * @param callOf the n-th request
   * @throws Error on the first answer with another status
   */
  async send(count: number, callOf: (n: number) => Call): Promise<Sent> {
    await this.connect();
    const bodies = new Array<string>(count);
    const milliseconds = new Array<number>(count);
    let next = 0;
    const sendOn = async (connection: Connection) => {
      for (let n = next++; n < count; n = next++) {
        const call = callOf(n);
        const request = this.requestOf(call);
        const start = performance.now();
        const answer = await connection.send(request);
        milliseconds[n] = performance.now() - start;
        expectStatus(call, answer);
        bodies[n] = answer.body;
      }
    };
    const sleep = stayAwake();
    try {
      await Promise.all(this.connections.map(sendOn));
    } finally {
      sleep();
    }
    return { bodies, milliseconds };
  }

  close(): void {
    for (const connection of this.connections) connection.close();
  }

  private async connect(): Promise<void> {
    const open = this.connections.filter(({ closed }) => !closed);
    const missing = Array.from({ length: this.parallel - open.length }, () => Connection.open(this.baseUrl));
    this.connections = [...open, ...(await Promise.all(missing))];
  }

  /** All of a request, as it goes over the line. */
  private requestOf({ method, path, body, text, type = 'application/json', credential }: Call): string {
    const content = text ?? (body === undefined ? '' : JSON.stringify(body));
    const head = [`${method} ${path} HTTP/1.1`, 'host: localhost', credential];
    if (content) head.push(`content-type: ${type}`, `content-length: ${Buffer.byteLength(content)}`);
    return `${head.join('\r\n')}\r\n\r\n${content}`;
  }
}
