import { randomBytes } from 'node:crypto';
import type { Scope } from './scope.js';

/**
 * A parameter whose value is the running scope's own: bound when the statement runs, not when it is built.
 * The query builders of this folder put these objects into their parameters; nothing else can make one, so
 * the tripwire knows a tenant condition by the identity of its parameter and not by its looks.
 */
export class TenantValue {
  static readonly vault = new TenantValue('vault', (scope) => scope.vaultId);
  static readonly user = new TenantValue('user', (scope) => {
    if (scope.userId === undefined) throw new Error('A user condition ran in a service scope');
    return scope.userId;
  });
  static readonly now = new TenantValue('now', () => Date.now());

  private constructor(
    readonly kind: 'vault' | 'user' | 'now',
    private readonly read: (scope: Scope) => string | number,
  ) {}

  resolve(scope: Scope): string | number {
    return this.read(scope);
  }

  /** Statements are logged and cached by their text; the value itself never shows. */
  toJSON(): string {
    return `<${this.kind}>`;
  }
}

// A name that no SQL written by hand can hold, so that a string fragment cannot borrow the parameter.
const nonce = randomBytes(8).toString('hex');

export const PARAMETER = {
  vault: `tenant_vault_${nonce}`,
  user: `tenant_user_${nonce}`,
  now: `tenant_now_${nonce}`,
} as const;

export const TENANT_PARAMETERS = {
  [PARAMETER.vault]: TenantValue.vault,
  [PARAMETER.user]: TenantValue.user,
  [PARAMETER.now]: TenantValue.now,
} as const;
