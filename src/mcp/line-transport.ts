import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import {
  type JSONRPCMessage,
  type RequestId,
  type Transport,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  parseJSONRPCMessage,
} from '@modelcontextprotocol/server';
import { failureOf } from '../http/failure.js';
import { parseJsonText } from '../http/json-body.js';
import { rpcErrorOf } from '../http/rpc-error.js';

const INVALID_REQUEST = { code: -32600, message: 'The line is not a JSON-RPC message.' };

/**
 * A message a line, in and out: the protocol's stdio transport. Lines are read as bodies of requests are, so that
 * what HTTP refuses (numbers that JavaScript would round, names that reach for a prototype) is refused here too.
 * When the input ends, what was asked before is answered before the connection is closed.
 */
export class LineTransport implements Transport {
  onmessage?: Transport['onmessage'];
  onclose?: () => void;
  onerror?: (error: Error) => void;
  private readonly decoder = new StringDecoder('utf8');
  private readonly unanswered = new Set<RequestId>();
  private pending = '';
  private ended = false;
  private closed = false;

  /** @param maxLine characters of the longest line that is read */
  constructor(
    private readonly input: Readable,
    private readonly output: Writable,
    private readonly maxLine: number,
  ) {}

  async start(): Promise<void> {
    this.input.on('data', this.read).on('end', this.end).on('error', this.end);
    // Nobody is there to read any more.
    this.output.on('error', this.end);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    await this.write(message);
    if (isJSONRPCResponse(message) && message.id !== undefined) this.unanswered.delete(message.id);
    this.closeWhenDone();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.input.off('data', this.read).off('end', this.end).off('error', this.end).destroy();
    this.onclose?.();
  }

  private readonly read = (chunk: Buffer): void => {
    this.pending += this.decoder.write(chunk);
    for (;;) {
      const at = this.pending.indexOf('\n');
      if (at < 0) break;
      const line = this.pending.slice(0, at);
      this.pending = this.pending.slice(at + 1);
      if (line.trim() !== '') this.take(line);
    }
    if (this.pending.length <= this.maxLine) return;
    this.pending = '';
    void this.write({ jsonrpc: '2.0', error: { code: -32600, message: 'The line is too long.' }, id: null });
    this.end();
  };

  private take(line: string): void {
    let value: unknown;
    try {
      if (line.length > this.maxLine) throw new RangeError('too long');
      value = parseJsonText(line, 'line');
    } catch (error) {
      const told = error instanceof RangeError ? INVALID_REQUEST : rpcErrorOf(failureOf(error));
      void this.write({ jsonrpc: '2.0', error: told, id: null });
      return;
    }
    let message: JSONRPCMessage;
    try {
      message = parseJSONRPCMessage(value);
    } catch {
      void this.write({ jsonrpc: '2.0', error: INVALID_REQUEST, id: null });
      return;
    }
    if (isJSONRPCRequest(message)) this.unanswered.add(message.id);
    // What is taken back is not answered.
    if (isJSONRPCNotification(message) && message.method === 'notifications/cancelled') {
      this.unanswered.delete((message.params as { requestId?: RequestId } | undefined)?.requestId ?? '');
    }
    this.onmessage?.(message);
  }

  private readonly end = (): void => {
    this.ended = true;
    this.closeWhenDone();
  };

  private closeWhenDone(): void {
    if (this.ended && (this.unanswered.size === 0 || this.output.destroyed)) void this.close();
  }

  private async write(message: object): Promise<void> {
    if (this.output.destroyed) return;
    if (!this.output.write(`${JSON.stringify(message)}\n`)) await once(this.output, 'drain').catch(() => {});
  }
}
