import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import type Database from 'better-sqlite3';

/** Where an owner's rows go. */
export type VaultOf = (owner: string) => string;

/** Gives SQL what it needs for taking rows over and giving them back. */
export function defineFunctions(database: Database.Database): void {
  database.function('sha256_hex', { deterministic: true }, (bytes) => hash('sha256', bytes as Buffer, 'hex'));
  database.function('is_json', { deterministic: true }, (text) => (isJson(String(text)) ? 1 : 0));
  database.function('is_utf8', { deterministic: true }, (bytes) =>
    Buffer.isBuffer(bytes) && isUtf8(bytes) ? 1 : 0,
  );
  database.function('old_values', { varargs: true, safeIntegers: true }, oldValues);
  database.function('old_value', { deterministic: true }, (json) => valueOf(String(json)));
}

/** @param vaultOf for an owner's name the id of the vault the rows go to */
export function defineVaultOf(database: Database.Database, vaultOf: VaultOf): void {
  database.function('vault_of', { deterministic: true }, (owner) => vaultOf(String(owner)));
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * A JSON object of columns and their values, exactly.
 *
 * @param cells four for each column: its name, whether it is wanted (2: only beside others that are), the type
 *   SQLite has for the value, and the value, text as bytes
 * @returns null when none but accompanying columns are wanted
 */
function oldValues(...cells: unknown[]): string | null {
  const members: string[] = [];
  let wanted = false;
  for (let i = 0; i < cells.length; i += 4) {
    const [name, want, type, value] = cells.slice(i, i + 4) as [string, bigint, string, unknown];
    if (want === 0n) continue;
    if (want === 1n) wanted = true;
    members.push(`${JSON.stringify(name)}:${jsonOf(type, value)}`);
  }
  return wanted ? `{${members.join(',')}}` : null;
}

/** A value as `oldValues` writes it; text is given as bytes. */
export function jsonOf(type: string, value: unknown): string {
  switch (type) {
    case 'integer':
      return String(value);
    case 'real':
      return realJson(value as number);
    case 'text': {
      const bytes = value as Buffer;
      return isUtf8(bytes)
        ? JSON.stringify(bytes.toString('utf8'))
        : JSON.stringify({ $text: bytes.toString('hex') });
    }
    case 'blob':
      return JSON.stringify({ $blob: (value as Buffer).toString('base64') });
    default:
      return 'null';
  }
}

/** With a point or an exponent, which tells a real from an integer. */
function realJson(value: number): string {
  if (!Number.isFinite(value)) return JSON.stringify({ $real: String(value) });
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** What `oldValues` wrote, an integer apart: text, a real, or bytes (`$text` is to be cast to text). */
function valueOf(json: string): string | number | Buffer | null {
  const value = JSON.parse(json) as string | number | null | Record<'$blob' | '$text' | '$real', string>;
  if (typeof value !== 'object' || value === null) return value;
  if (value.$blob !== undefined) return Buffer.from(value.$blob, 'base64');
  if (value.$text !== undefined) return Buffer.from(value.$text, 'hex');
  return Number(value.$real);
}
