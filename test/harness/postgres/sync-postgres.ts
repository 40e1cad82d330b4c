import { MessageChannel, type MessagePort, Worker, receiveMessageOnPort } from 'node:worker_threads';

interface Answer {
  readonly rows?: Record<string, unknown>[];
  readonly rowCount?: number;
  readonly error?: { readonly message: string; readonly code?: string };
}

/**
 * A connection that blocks the thread until it has an answer, as better-sqlite3 does, so that tests look at either
 * database in the same way. The work is done by another thread.
 */
export class SyncPostgres {
  private readonly port: MessagePort;
  private readonly signal = new Int32Array(new SharedArrayBuffer(4));

  constructor(url: string) {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(new URL('./sync-postgres-worker.mjs', import.meta.url), {
      workerData: { port: port2, url, signal: this.signal },
      transferList: [port2],
    });
    worker.unref();
    this.port = port1;
    port1.unref();
  }

  /** @param sql with a `?` for each value, or `$1` and so on */
  all<Row = Record<string, unknown>>(sql: string, ...values: unknown[]): Row[] {
    return (this.ask(sql, values).rows ?? []) as Row[];
  }

  /** @returns how many rows were changed */
  run(sql: string, ...values: unknown[]): number {
    return this.ask(sql, values).rowCount ?? 0;
  }

  close(): void {
    this.ask(undefined, []);
    this.port.close();
  }

  private ask(sql: string | undefined, values: readonly unknown[]): Answer {
    let n = 0;
    const text = sql?.replaceAll('?', () => `$${++n}`);
    Atomics.store(this.signal, 0, 0);
    this.port.postMessage({ sql: text, values });
    Atomics.wait(this.signal, 0, 0);
    let received = receiveMessageOnPort(this.port) as { message: Answer } | undefined;
    // The signal may overtake the message.
    for (; !received; received = receiveMessageOnPort(this.port) as { message: Answer } | undefined) {
      Atomics.wait(this.signal, 0, 1, 1);
    }
    const { message } = received;
    const { rows, error } = message;
    if (error) throw Object.assign(new Error(error.message), { code: error.code });
    for (const row of rows ?? []) {
      for (const [name, value] of Object.entries(row)) {
        if (value instanceof Uint8Array)
          row[name] = Buffer.from(value.buffer, value.byteOffset, value.length);
      }
    }
    return message;
  }
}
