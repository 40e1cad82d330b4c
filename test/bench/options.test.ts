import { describe, expect, it } from 'vitest';
import { UsageError, readOptions } from './options.js';

const extentsOf = (...args: string[]) =>
  readOptions(args).extents.map(({ vaults, memories }) => `${vaults}x${memories}`);

describe('the options of the benchmark', () => {
  it('measures all by itself', () => {
    expect(extentsOf()).toEqual(['1x100', '1x1000', '1x10000', '1x100000', '100x1000']);
    const { operations, partial } = readOptions([]);
    expect([...operations]).toEqual(['add', 'batch', 'get', 'list', 'search']);
    expect(partial).toBe(false);
  });

  it('measures what is asked for', () => {
    expect(extentsOf('--full')).toContain('1000x1000');
    expect(extentsOf('--sizes', '100,1000')).toEqual(['1x100', '1x1000']);
    expect(extentsOf('--sizes', '100', '--vaults', '7')).toEqual(['1x100', '7x1000']);
    expect(extentsOf('--vaults', '0')).not.toContain('100x1000');
    expect([...readOptions(['--only', 'get,search']).operations]).toEqual(['get', 'search']);
    expect(readOptions(['--rounds', '3', '--seed', '9'])).toMatchObject({ rounds: 3, seed: 9 });
  });

  it.each([
    [['--sizes', '1e3']],
    [['--sizes', '']],
    [['--sizes', '0']],
    [['--only', 'delete']],
    [['--rounds', '-1']],
    [['--what']],
    [['100']],
  ])('refuses %j', (args) => {
    expect(() => readOptions(args)).toThrow(UsageError);
  });
});
