import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { rolePassword } from '../../src/config/postgres-names.js';
import { scramVerifier } from '../../src/upgrade/postgres/scram.js';

describe('what PostgreSQL stores of a password', () => {
  it('accepts the proof of RFC 7677, and gives its signature', () => {
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
    const message =
      'n=user,r=rOprNGfwEbeRWgbNEkqO,' +
      'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,' +
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
    const verifier = scramVerifier('pencil', salt);
    const [, given, stored, server] = /^SCRAM-SHA-256\$4096:(.+)\$(.+):(.+)$/
      .exec(verifier)!
      .map((part) => Buffer.from(part, 'base64'));
    expect(given).toEqual(salt);
    const sign = (key: Buffer) => createHmac('sha256', key).update(message).digest();
    expect(sign(server).toString('base64')).toBe('6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
    const proof = Buffer.from('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=', 'base64');
    const key = sign(stored).map((byte, i) => byte ^ proof[i]);
    expect(createHash('sha256').update(key).digest()).toEqual(stored);
  });

  it('is another each time', () => {
    expect(scramVerifier('pencil')).not.toBe(scramVerifier('pencil'));
  });

  it('is made only of what every client reads alike', () => {
    for (const good of ['x', ' ', '~'.repeat(256), `a'b\\c"`])
      expect(rolePassword.safeParse(good).success, good).toBe(true);
    for (const bad of ['', 'ä', 'a\tb', 'a\0b', '~'.repeat(257), 'e\u0301'])
      expect(rolePassword.safeParse(bad).success).toBe(false);
  });
});
