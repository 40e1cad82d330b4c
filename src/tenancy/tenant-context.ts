import { AsyncLocalStorage } from 'node:async_hooks';
import { type Scope, makeScope } from './scope.js';
import type { UnitOfWork } from './unit-of-work.js';

/** Thrown before any SQL when code that touches tenant data runs without a scope. */
export class NoTenantContextError extends Error {
  override readonly name = 'NoTenantContextError';
  constructor() {
    super('No tenant context: run this inside a request or TenantContext.run(scope, …)');
  }
}

interface Store {
  scope: Scope | undefined;
  readonly requestId: string | undefined;
  readonly unit: UnitOfWork | undefined;
}

const storage = new AsyncLocalStorage<Store>();

/** By scope: that of the whole of its vault. */
const wholeVaults = new WeakMap<Scope, Scope>();

/**
 * The scope of the code that is running, carried by AsyncLocalStorage. Only `run()` is ever used:
 * `enterWith()` leaks one request's tenant into the next on a keep-alive socket (seen on Node 20).
 */
export class TenantContext {
  /** Runs `fn` in `scope`. For jobs, commands and tests; a unit of work of an outer context does not carry over. */
  static run<T>(scope: Scope, fn: () => T): T {
    const outer = storage.getStore();
    return storage.run({ scope, requestId: outer?.requestId, unit: undefined }, fn);
  }

  /** Opens a request's context. It has no scope, and so no access to data, until the guard enters one. */
  static runRequest(request: { requestId: string }, fn: () => void): void {
    storage.run({ scope: undefined, requestId: request.requestId, unit: undefined }, fn);
  }

  /** Gives the running request its scope; once. */
  static enter(scope: Scope): void {
    const store = storage.getStore();
    if (!store) throw new NoTenantContextError();
    if (store.scope) throw new Error('The scope of a request is set once');
    store.scope = scope;
  }

  /** @throws NoTenantContextError when there is none */
  static scope(): Scope {
    const scope = storage.getStore()?.scope;
    if (!scope) throw new NoTenantContextError();
    return scope;
  }

  static hasScope(): boolean {
    return storage.getStore()?.scope !== undefined;
  }

  static requestId(): string | undefined {
    return storage.getStore()?.requestId;
  }

  /** The unit of work that the running code belongs to. */
  static unit(): UnitOfWork | undefined {
    return storage.getStore()?.unit;
  }

  /** Runs `fn` inside `unit`, in the same scope. For the data source only. */
  static runInUnit<T>(unit: UnitOfWork, fn: () => T): T {
    const store = storage.getStore();
    if (!store?.scope) throw new NoTenantContextError();
    return storage.run({ scope: store.scope, requestId: store.requestId, unit }, fn);
  }

  /**
   * Runs `fn` for the whole of the same vault, expired rows included, inside the same unit of work. For the
   * few services that keep promises across users of one vault (unique ids, the sweep); what they return to a
   * user is theirs to limit.
   */
  static asVault<T>(fn: () => T): T {
    const store = storage.getStore();
    if (!store?.scope) throw new NoTenantContextError();
    let scope = wholeVaults.get(store.scope);
    if (!scope) {
      scope = makeScope({ ...store.scope, userId: undefined, includeExpired: true });
      wholeVaults.set(store.scope, scope);
    }
    return storage.run({ scope, requestId: store.requestId, unit: store.unit }, fn);
  }
}
