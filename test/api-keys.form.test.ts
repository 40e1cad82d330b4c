import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOfApiKey, makeApiKey, readApiKey } from '../src/auth/api-key-form.js';
import { uuidv7 } from '../src/memories/uuid.js';
import { randomSeed } from './harness/seed.js';

const vaultId = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/);

describe('an API key', () => {
  it('names its vault and itself, in one way only', () => {
    fc.assert(
      fc.property(vaultId, (vault) => {
        const id = uuidv7();
        const key = makeApiKey({ vaultId: vault, id });
        expect(readApiKey(key)).toEqual({ vaultId: vault, id });
        expect(key).toMatch(/^cairn_[\w-]+_[0-9a-f-]{36}_[0-9a-f]{64}$/);
      }),
      { seed: randomSeed('api-key-form') },
    );
  });

  it('is another each time, and has another hash', () => {
    const named = { vaultId: 'acme', id: uuidv7() };
    const keys = Array.from({ length: 1_000 }, () => makeApiKey(named));
    expect(new Set(keys).size).toBe(1_000);
    expect(new Set(keys.map(hashOfApiKey)).size).toBe(1_000);
    for (const key of keys) expect(hashOfApiKey(key)).toMatch(/^[0-9a-f]{64}$/);
  });

  const good = makeApiKey({ vaultId: 'acme', id: uuidv7() });
  const [, vault, id, secret] = good.split('_');
  it.each([
    ['nothing', ''],
    ['the prefix', 'cairn_'],
    ['another prefix', good.replace('cairn_', 'Cairn_')],
    ['no vault', `cairn__${id}_${secret}`],
    ['a vault that is none', `cairn_${Buffer.from('.acme').toString('base64url')}_${id}_${secret}`],
    ['a vault beyond ASCII', `cairn_${Buffer.from('vaült').toString('base64url')}_${id}_${secret}`],
    ['a vault of 129', `cairn_${Buffer.from('v'.repeat(129)).toString('base64url')}_${id}_${secret}`],
    ['a vault with a line end', `cairn_${Buffer.from('acme\n').toString('base64url')}_${id}_${secret}`],
    ['a vault with a quote', `cairn_${Buffer.from("a'--").toString('base64url')}_${id}_${secret}`],
    ['padding', `cairn_${vault}==_${id}_${secret}`],
    ['spare bits', `cairn_${vault.slice(0, -1)}R_${id}_${secret}`],
    ['a short secret', good.slice(0, -1)],
    ['a long secret', `${good}0`],
    ['capitals in the secret', `cairn_${vault}_${id}_${secret.toUpperCase()}`],
    ['no id', `cairn_${vault}__${secret}`],
    ['an id that is none', `cairn_${vault}_${id.replace('-', '0')}_${secret}`],
    ['three parts', `cairn_${vault}_${secret}`],
    ['white space', ` ${good}`],
    ['a line end', `${good}\n`],
    ['something behind', `${good} x`],
    ['two', `${good},${good}`],
    ['a long one', `cairn_${'A'.repeat(100_000)}_${id}_${secret}`],
    ['digits of another script', `cairn_${vault}_${id}_${'٠'.repeat(64)}`],
  ])('is not: %s', (_, text) => {
    if (text !== good) expect(readApiKey(text)).toBeUndefined();
  });
});
