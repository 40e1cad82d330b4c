import type { Policy } from './catalog.js';
import { qualified, quoteIdentifier } from './identifiers.js';

export const POLICY_NAME = 'vault';

/** A setting that was never made is NULL, and one that a transaction has left behind is empty: neither is a vault. */
const CONDITION = `"vault_id" = nullif(current_setting('app.vault_id', true), '')`;
/** The same, as the catalog has it. */
const CONDITION_IN_CATALOG = `(vault_id = NULLIF(current_setting('app.vault_id'::text, true), ''::text))`;

/**
 * Whether these policies of one table are the one that keeps vaults apart. A second one could only open what this
 * one closes, and a restrictive one beside it would be lost where tables are distributed.
 */
export function isTheOnePolicy(policies: readonly Policy[]): boolean {
  return policies.length === 1 && isOurs(policies[0]);
}

function isOurs({ name, command, permissive, forPublic, using, check }: Policy): boolean {
  return (
    name === POLICY_NAME &&
    command === '*' &&
    permissive &&
    forPublic &&
    using === CONDITION_IN_CATALOG &&
    check === CONDITION_IN_CATALOG
  );
}

/** What replaces the policies of a table by the one. */
export function policyStatements(schema: string, table: string, policies: readonly Policy[]): string[] {
  if (isTheOnePolicy(policies)) return [];
  const target = qualified(schema, table);
  return [
    ...policies.map(({ name }) => `DROP POLICY ${quoteIdentifier(name)} ON ${target}`),
    `CREATE POLICY ${quoteIdentifier(POLICY_NAME)} ON ${target} AS PERMISSIVE FOR ALL TO PUBLIC ` +
      `USING (${CONDITION}) WITH CHECK (${CONDITION})`,
  ];
}
