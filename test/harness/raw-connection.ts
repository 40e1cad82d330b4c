import { type Socket, connect } from 'node:net';

/** An answer as it stood on the wire. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** `closed`: the server ended the connection without an answer. `hang`: nothing at all within the limit. */
export type Outcome = RawAnswer | 'closed' | 'hang';

export interface RawRequest {
  readonly bytes: Buffer;
  /** An answer to HEAD has no body, whatever its headers say. */
  readonly isHead: boolean;
  /** The request may leave the connection in any state: it gets one to itself. */
  readonly alone: boolean;
  /** The request is cut off: nothing more will be sent. */
  readonly ends: boolean;
}

/** Sends bytes to a server, one request after the other, with nothing put right on the way. */
export class RawConnection {
  private socket: Socket | undefined;

  constructor(
    private readonly port: number,
    private readonly limitMs: number,
  ) {}

  async send(request: RawRequest): Promise<Outcome> {
    if (request.alone) this.close();
    const fresh = this.socket === undefined;
    const outcome = await this.exchange(request);
    if (request.alone) this.close();
    // The server may close an idle connection at any time; on a new one, its silence is its answer.
    return outcome === 'closed' && !fresh ? this.exchange(request) : outcome;
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private exchange({ bytes, isHead, ends }: RawRequest): Promise<Outcome> {
    const socket = (this.socket ??= connect({ port: this.port, host: '127.0.0.1', allowHalfOpen: true }));
    return new Promise((resolve) => {
      let received: Buffer = Buffer.alloc(0);
      const finish = (outcome: Outcome, keep: boolean) => {
        clearTimeout(timer);
        socket.removeAllListeners();
        // Errors of a socket nobody looks at any more.
        socket.on('error', () => {});
        if (!keep) {
          socket.destroy();
          if (this.socket === socket) this.socket = undefined;
        }
        resolve(outcome);
      };
      const timer = setTimeout(() => finish('hang', false), this.limitMs);
      socket.on('data', (chunk) => {
        received = Buffer.concat([received, chunk]);
        const answer = parse(received, isHead, false);
        if (answer) finish(answer, answer.headers.get('connection') !== 'close');
      });
      const over = () => finish(parse(received, isHead, true) ?? 'closed', false);
      socket.on('end', over);
      socket.on('error', over);
      socket.on('close', over);
      socket.write(bytes);
      if (ends) socket.end();
    });
  }
}

/** @returns undefined while the answer is not complete */
function parse(received: Buffer, isHead: boolean, ended: boolean): RawAnswer | undefined {
  const text = received.toString('latin1');
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [statusLine, ...lines] = text.slice(0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(`${statusLine} `)?.[1] ?? 0);
  const rest = received.subarray(end + 4);
  if (status >= 100 && status < 200) return parse(rest, isHead, ended);
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const answer = (body: Buffer) => ({ status, headers, body: body.toString('utf8') });
  if (isHead || status === 204 || status === 304) return answer(Buffer.alloc(0));
  const length = headers.get('content-length');
  if (length !== undefined) {
    return rest.length >= Number(length) ? answer(rest.subarray(0, Number(length))) : undefined;
  }
  if (headers.get('transfer-encoding') === 'chunked') return unchunk(rest, answer);
  return ended ? answer(rest) : undefined;
}

function unchunk(rest: Buffer, answer: (body: Buffer) => RawAnswer): RawAnswer | undefined {
  const chunks: Buffer[] = [];
  for (let at = 0; ;) {
    const line = rest.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = parseInt(rest.toString('latin1', at, line), 16);
    if (size === 0) return answer(Buffer.concat(chunks));
    if (rest.length < line + 2 + size + 2) return undefined;
    chunks.push(rest.subarray(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
}
