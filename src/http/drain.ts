import type { Server } from 'node:http';
import type { Socket } from 'node:net';
import { Injectable } from '@nestjs/common';

/** Whether the service is on its way out: then it is not ready, and every answer asks to close its connection. */
@Injectable()
export class Drain {
  private begun = false;
  private server: Server | undefined;
  private readonly sockets = new Set<Socket>();

  /** Takes note of the server's connections; before it listens. */
  watch(server: Server): void {
    this.server = server;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
  }

  get active(): boolean {
    return this.begun;
  }

  begin(): void {
    this.begun = true;
  }

  /** Closes the connections without a request on them, those included that never had one (Node keeps these). */
  closeIdle(): void {
    this.server?.closeIdleConnections();
    for (const socket of this.sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  closeAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }
}
