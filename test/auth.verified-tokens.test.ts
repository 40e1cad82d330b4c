import { createSecretKey } from 'node:crypto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { JwtStrategy } from '../src/auth/jwt.strategy.js';
import { VerifiedTokens } from '../src/auth/verified-tokens.js';
import { loadConfig } from '../src/config/config.js';
import { TEST_SECRET, mintToken } from './harness/tokens.js';

const TOLERANCE = 5;

afterEach(() => {
  vi.useRealTimers();
});

describe('tokens that were verified', () => {
  const key = createSecretKey('k'.repeat(32), 'utf8');
  const identity = { vaultId: 'acme', userId: 'u1', permissions: ['read'] as const };

  it('are known to the letter, with the very key, until they expire', () => {
    const tokens = new VerifiedTokens();
    tokens.remember('a.b.c', { key, identity, expires: Date.now() + 60_000 });
    tokens.remember('d.e.f', { key, identity, expires: Date.now() });
    expect(tokens.find('a.b.c', key)).toBe(identity);
    for (const other of ['a.b.C', 'a.b.', 'a.b.c ', 'd.e.f', '']) {
      expect(tokens.find(other, key)).toBeUndefined();
    }
    // A key of the same letters may be one that came after this was withdrawn.
    expect(tokens.find('a.b.c', createSecretKey('k'.repeat(32), 'utf8'))).toBeUndefined();
  });

  it('are forgotten where there are too many', () => {
    const tokens = new VerifiedTokens();
    const names = Array.from({ length: 5_000 }, (_, i) => `${i}`);
    for (const name of names) tokens.remember(name, { key, identity, expires: Date.now() + 60_000 });
    const known = names.filter((name) => tokens.find(name, key));
    expect(known.length).toBeGreaterThan(0);
    expect(known.length).toBeLessThanOrEqual(1_000);
  });

  it('are no tokens from the moment on that they expire', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 });
    const { jwt } = loadConfig({ JWT_SECRET: TEST_SECRET, JWT_CLOCK_TOLERANCE: `${TOLERANCE}` }).auth;
    const strategy = new JwtStrategy(jwt!);
    const token = mintToken({ vault: 'acme', user: 'u1', expiresInSeconds: 60 });
    const end = Date.now() + 1000 * (60 + TOLERANCE);
    for (const time of [Date.now(), end - 1000, end - 1, 1_700_000_000_000]) {
      vi.setSystemTime(time);
      expect(await strategy.verify(token)).toMatchObject({ vaultId: 'acme', userId: 'u1' });
    }
    for (const time of [end, end + 1, end + 100_000]) {
      vi.setSystemTime(time);
      await expect(strategy.verify(token)).rejects.toThrow('jwt expired');
    }
  });
});
