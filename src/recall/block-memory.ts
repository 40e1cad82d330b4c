import { MessageChannel } from 'node:worker_threads';
import type { ScopeBlock } from './memory-columns.js';

/** What is sent here arrives nowhere: its other end is closed. */
const nowhere = closedPort();

/**
 * Frees the memory of blocks that nobody looks at any more; their bytes are gone at once. Left to the garbage
 * collection, the blocks of some hundred searches fill what V8 lets lie outside its own memory, and it then looks
 * through all of that, which takes as much time as the searches. There is no other way on Node 20 to give a
 * buffer's memory back than to send it away.
 */
export function freeBlocks(blocks: readonly ScopeBlock[]): void {
  const buffers = new Set<ArrayBuffer>();
  for (const { data } of blocks) {
    // A driver may hand out parts of buffers that others use, too.
    if (data.buffer instanceof ArrayBuffer && data.byteLength === data.buffer.byteLength) {
      buffers.add(data.buffer);
    }
  }
  nowhere.postMessage(undefined, [...buffers]);
}

function closedPort() {
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.unref();
  return port1;
}
