import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isVaultId, vaultIdFor } from '../src/vaults/vault-id.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('vault-id');

describe('isVaultId', () => {
  it.each(['a', '0', 'acme', 'A.b_c:d-e', 'x:', 'h::0', 'a'.repeat(128)])('accepts %s', (id) => {
    expect(isVaultId(id)).toBe(true);
  });

  it.each([
    '',
    '.a',
    '-a',
    ':a',
    '_a',
    ' a',
    'a ',
    'a\n',
    'a/b',
    'a%20',
    'é',
    'a\u0000',
    '\u212a',
    '٣',
    'a\u200b',
    'a'.repeat(129),
    null,
    undefined,
    1,
    ['a'],
    { toString: () => 'a' },
  ])('refuses %j', (id) => {
    expect(isVaultId(id)).toBe(false);
  });
});

describe('vaultIdFor', () => {
  it.each([
    ['acme', 'acme'],
    ['Acme.Corp_1-2', 'Acme.Corp_1-2'],
    ['a b', 'a:20b'],
    ['a:20b', 'a:3a20b'],
    ['São', 'S:c3:a3o'],
    ['.hidden', 'x:.hidden'],
    ['', 'x:'],
    [':', 'x::3a'],
    ['x:', 'x:3a'],
    ['京', 'x::e4:ba:ac'],
    ['a'.repeat(128), 'a'.repeat(128)],
  ])('%j becomes %s', (name, id) => {
    expect(vaultIdFor(name)).toBe(id);
  });

  it('makes a hash of what would be too long', () => {
    for (const name of ['a'.repeat(129), 'é'.repeat(22), `.${'a'.repeat(127)}`]) {
      expect(vaultIdFor(name)).toBe(`h::${createHash('sha256').update(name).digest('hex')}`);
    }
  });

  it('gives every name a valid id, and no two the same', () => {
    // Short, and of the characters that matter, so that many come near each other.
    const close = fc.string({ unit: fc.constantFrom(...'ahx:.%_2034é '), maxLength: 5 });
    const long = fc.string({ unit: fc.constantFrom('a', ':', 'é'), minLength: 40, maxLength: 130 });
    const name = fc.oneof(close, long, fc.string({ unit: 'binary', maxLength: 60 }));
    const owners = new Map<string, string>();
    fc.assert(
      fc.property(name, (given) => {
        const id = vaultIdFor(given);
        expect(isVaultId(id)).toBe(true);
        expect(owners.get(id) ?? given).toBe(given);
        owners.set(id, given);
        // Nor does the name of another vault's id stand for that vault.
        if (id !== given) expect(vaultIdFor(id)).not.toBe(id);
      }),
      { seed, numRuns: 20_000 },
    );
  });
});
