import type { EntityMetadata } from 'typeorm';
import { TextCache } from '../database/text-cache.js';
import { TenancyViolationError } from './errors.js';
import { analyse } from './sql-analysis.js';
import type { TableUse } from './sql-reading.js';
import type { Scope } from './scope.js';
import { type Tenancy, tenancyOf } from './tenant.decorators.js';
import { TenantValue } from './tenant-values.js';

/**
 * The last look at every statement before the database gets it: each tenant table it works with must carry
 * the condition (or, in an INSERT, the value) that the query builders bind. What was forgotten, written by
 * hand or slipped in through a string is refused, not run.
 */
export class Tripwire {
  private readonly tables = new Map<string, Tenancy>();
  private readonly names: ReadonlySet<string>;
  private readonly schema: string | undefined;
  private readonly analyses = new TextCache<readonly TableUse[]>();
  private readonly writes = new TextCache<readonly string[]>();

  constructor(entities: readonly EntityMetadata[]) {
    for (const metadata of entities) {
      const tenancy = tenancyOf(metadata);
      if (tenancy) this.tables.set(metadata.tableName.toLowerCase(), tenancy);
    }
    this.names = new Set(this.tables.keys());
    this.schema = entities.find(({ schema }) => schema)?.schema?.toLowerCase();
  }

  /**
   * @returns the values to bind, the scope's own put in
   * @throws TenancyViolationError when the statement must not run
   */
  bind(sql: string, parameters: readonly unknown[], scope: Scope): unknown[] {
    const uses = this.uses(sql);
    for (const use of uses) this.check(use, parameters, scope);
    return parameters.map((value) => (value instanceof TenantValue ? value.resolve(scope) : value));
  }

  /** The tenant tables that a statement writes to, in lower case. @throws as `bind` */
  written(sql: string): readonly string[] {
    return this.writes.get(sql, (text) => {
      const writes = this.uses(text).filter(({ role }) => role !== 'read');
      return [...new Set(writes.map(({ table }) => table))];
    });
  }

  private uses(sql: string): readonly TableUse[] {
    return this.analyses.get(sql, (text) => analyse(text, this.names, this.schema));
  }

  private check(use: TableUse, parameters: readonly unknown[], scope: Scope): void {
    const tenancy = this.tenancy(use.table, scope);
    const ofUser = tenancy.visibility === 'owned' && scope.userId !== undefined;
    if (use.role === 'insert') checkRows(use, ofUser, parameters);
    else checkConditions(use, tenancy, ofUser, parameters, scope);
    for (const { column, value } of use.assigned) {
      if (value === 'excluded' || (column === 'user_id' && !ofUser)) continue;
      // The user may be assigned to itself, the vault not at all.
      const assigned = typeof value === 'number' ? parameters[value] : undefined;
      if (column === 'user_id' && (assigned === scope.userId || assigned === TenantValue.user)) continue;
      throw new TenancyViolationError(`A statement would give a row of "${use.table}" to another`);
    }
  }

  private tenancy(table: string, scope: Scope): Tenancy {
    const tenancy = this.tables.get(table);
    if (!tenancy) throw missing(table, 'a known tenancy');
    if (tenancy.visibility === 'service' && scope.userId !== undefined) {
      throw new TenancyViolationError(`"${table}" is closed to user scopes`);
    }
    return tenancy;
  }
}

function checkConditions(
  { table, role, conditions }: TableUse,
  tenancy: Tenancy,
  ofUser: boolean,
  parameters: readonly unknown[],
  scope: Scope,
): void {
  const bound = (ordinals: readonly number[], value: TenantValue) =>
    ordinals.some((ordinal) => parameters[ordinal] === value);
  if (!bound(conditions.vault, TenantValue.vault)) throw missing(table, 'its vault condition');
  if (ofUser) {
    const shared = role === 'read' && scope.shareUnowned ? conditions.userOrNobody : [];
    if (!bound([...conditions.user, ...shared], TenantValue.user)) throw missing(table, 'its user condition');
  }
  if (tenancy.expiring && !scope.includeExpired && !bound(conditions.now, TenantValue.now)) {
    throw missing(table, 'its expiry condition');
  }
}

function checkRows({ table, rows }: TableUse, ofUser: boolean, parameters: readonly unknown[]): void {
  const is = (ordinal: number | undefined, value: TenantValue) =>
    ordinal !== undefined && parameters[ordinal] === value;
  for (const { vault, user } of rows) {
    if (!is(vault, TenantValue.vault)) throw missing(table, 'its vault');
    if (ofUser && !is(user, TenantValue.user)) throw missing(table, 'its user');
  }
}

function missing(table: string, what: string): TenancyViolationError {
  return new TenancyViolationError(`A statement names "${table}" without ${what}: use its repository`);
}
