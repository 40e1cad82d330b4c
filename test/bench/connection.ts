import { once } from 'node:events';
import { type Socket, connect } from 'node:net';

const END_OF_HEAD = Buffer.from('\r\n\r\n');

export interface Answer {
  readonly status: number;
  readonly body: string;
}

/**
 * A kept-alive HTTP/1.1 connection, one request at a time. It knows no more of HTTP than the service's own
 * answers need, so that it is always faster than the server: a server that waits for its client is woken for
 * each request by itself, and that would be a good part of what is measured.
 */
export class Connection {
  private received = Buffer.alloc(0);
  private waiting: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;

  private constructor(private readonly socket: Socket) {
    socket.setNoDelay(true);
    socket.on('data', (chunk) => {
      this.received = this.received.length === 0 ? chunk : Buffer.concat([this.received, chunk]);
      this.read();
    });
    const fail = (error: Error) => this.waiting?.reject(error);
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('The server closed the connection')));
  }

  static async open(baseUrl: string): Promise<Connection> {
    const { hostname, port } = new URL(baseUrl);
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** Closed by either side: the server ends connections that were idle for long. */
  get closed(): boolean {
    return this.socket.destroyed || this.socket.readableEnded;
  }

  /** @param request all of it, as it goes over the line */
  send(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.closed) return reject(new Error('The connection is closed'));
      this.waiting = { resolve, reject };
      this.socket.write(request);
    });
  }

  close(): void {
    this.socket.destroy();
  }

  private read(): void {
    const head = this.received.indexOf(END_OF_HEAD);
    if (head < 0) return;
    const text = this.received.toString('latin1', 0, head);
    const start = head + END_OF_HEAD.length;
    const end = start + Number(/\r\ncontent-length: (\d+)/i.exec(text)?.[1] ?? 0);
    if (this.received.length < end) return;
    const body = this.received.toString('utf8', start, end);
    this.received = this.received.subarray(end);
    const { waiting } = this;
    this.waiting = undefined;
    waiting?.resolve({ status: Number(text.slice(9, 12)), body });
  }
}
