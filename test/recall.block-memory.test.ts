import { describe, expect, it } from 'vitest';
import { freeBlocks } from '../src/recall/block-memory.js';
import type { ScopeBlock } from '../src/recall/memory-columns.js';

const BYTES = 4_000_000;

function block(data: Uint8Array): ScopeBlock {
  return { userId: 'u', firstPosition: 0, slots: 1, data };
}

describe('the memory of blocks that are not looked at any more', () => {
  it('is given back at once', () => {
    const blocks = Array.from({ length: 10 }, () => block(Buffer.alloc(BYTES, 1)));
    const { arrayBuffers } = process.memoryUsage();
    freeBlocks(blocks);
    expect(blocks.map(({ data }) => data.byteLength)).toEqual(blocks.map(() => 0));
    expect(arrayBuffers - process.memoryUsage().arrayBuffers).toBeGreaterThan(9 * BYTES);
    freeBlocks(blocks);
    freeBlocks([]);
  });

  it('is left alone where others share it', () => {
    const whole = Buffer.alloc(BYTES, 7);
    const pooled = Buffer.from('of Node’s pool');
    const neighbour = Buffer.from('another of its pool');
    freeBlocks([block(whole.subarray(8)), block(whole.subarray(0, 8)), block(pooled)]);
    expect(whole.every((byte) => byte === 7)).toBe(true);
    expect([pooled, neighbour].map(String)).toEqual(['of Node’s pool', 'another of its pool']);
  });

  it('can be two blocks’ whose buffer is the same', () => {
    const data = Buffer.alloc(BYTES, 7);
    freeBlocks([block(data), block(data)]);
    expect(data.byteLength).toBe(0);
  });
});
