import type { PostgresRoles } from '../../src/config/postgres-config.js';
import { vaultTables } from '../vault-tables.js';
import {
  type Database,
  type Grant,
  type Policy,
  type Relation,
  readGrants,
  readPolicies,
  readRelations,
  selectRows,
} from './catalog.js';
import { appPrivileges, operatorPrivileges, type Privileges } from './grants.js';
import { qualified, quoteIdentifier } from './identifiers.js';
import { policyStatements } from './policy.js';

/** Nothing was changed: the message says what to do first. */
export class CannotSecureError extends Error {
  override readonly name = 'CannotSecureError';
}

export interface SecurityReport {
  /** What was run, in that order; nothing where all was as it should be. */
  readonly statements: readonly string[];
  /** For a person: what was left out, why, and what then does not work. */
  readonly notes: readonly string[];
}

/** Who may be granted something: a role, or PUBLIC. */
interface Grantee {
  /** Null for PUBLIC. */
  readonly role: string | null;
  readonly wanted: (relation: Relation) => Privileges;
}

/**
 * Closes a schema: rows of a vault are seen and written in its own context only, by the owner too, and each role may
 * do what it needs and nothing else. Only what differs is changed, each by a statement of its own; run by the owner
 * of the tables, in a transaction.
 *
 * @throws CannotSecureError where the role of the service, the schema or one of its tables does not exist
 */
export async function secure(
  runner: Database,
  { schema, roles }: { readonly schema: string; readonly roles: PostgresRoles },
): Promise<SecurityReport> {
  const notes: string[] = [];
  const grantees = await granteesOf(runner, roles, notes);
  const relations = await readRelations(runner, schema);
  checkTables(schema, relations);
  const policies = await readPolicies(runner, schema);
  const grants = await readGrants(runner, schema);
  const statements = [
    ...relations.flatMap((relation) => isolation(schema, relation, policies)),
    ...(await schemaGrants(runner, schema, grantees)),
    ...relations.flatMap((relation) => relationGrants(schema, relation, grants, grantees)),
  ];
  // One message each: Citus takes no several in one.
  for (const statement of statements) await runner.query(statement);
  return { statements, notes };
}

/** What puts the rows of a table under row-level security, where it has vaults in it. */
function isolation(schema: string, relation: Relation, policies: readonly Policy[]): string[] {
  if (!relation.hasVault) return [];
  const alter = `ALTER TABLE ${qualified(schema, relation.name)}`;
  const own = policies.filter(({ table }) => table === relation.name);
  return [
    ...(relation.enabled ? [] : [`${alter} ENABLE ROW LEVEL SECURITY`]),
    ...(relation.forced ? [] : [`${alter} FORCE ROW LEVEL SECURITY`]),
    ...policyStatements(schema, relation.name, own),
  ];
}

async function granteesOf(runner: Database, roles: PostgresRoles, notes: string[]): Promise<Grantee[]> {
  if (new Set(Object.values(roles)).size < Object.keys(roles).length) {
    throw new CannotSecureError(
      'The roles migrator, app, operator and backup must have four different names.',
    );
  }
  const found = await selectRows<{ name: string; bypasses: boolean }>(
    runner,
    'SELECT rolname AS "name", rolbypassrls OR rolsuper AS "bypasses" FROM pg_roles WHERE rolname = ANY($1)',
    [[roles.app, roles.operator, roles.backup]],
  );
  const stateOf = (role: string) => found.find(({ name }) => name === role);
  if (!stateOf(roles.app)) {
    throw new CannotSecureError(
      `The role ${roles.app}, by which the service connects, does not exist: run npm run db:roles -- --apply.`,
    );
  }
  const grantees: Grantee[] = [
    { role: null, wanted: () => new Set() },
    { role: roles.app, wanted: ({ name }) => appPrivileges(name) },
  ];
  const addOverAllVaults = (role: string, wanted: Grantee['wanted'], lacking: string) => {
    const state = stateOf(role);
    if (state) grantees.push({ role, wanted });
    const trouble = state ? 'lacks BYPASSRLS' : 'does not exist';
    if (!state?.bypasses) {
      notes.push(`The role ${role} ${trouble}, so ${lacking}: npm run db:roles -- --apply, as a superuser.`);
    }
  };
  addOverAllVaults(
    roles.operator,
    ({ name }) => operatorPrivileges(name),
    'the directory of vaults shows none',
  );
  addOverAllVaults(roles.backup, () => new Set(['SELECT']), 'pg_dump cannot be run by it');
  return grantees;
}

/** @throws CannotSecureError where a table that the service needs is missing */
function checkTables(schema: string, relations: readonly Relation[]): void {
  const missing = vaultTables.filter(
    ({ name }) => !relations.some((one) => one.hasVault && one.name === name),
  );
  if (missing.length === 0) return;
  const names = missing.map(({ name }) => name).join(', ');
  throw new CannotSecureError(
    `The schema ${schema} lacks ${names}: run the migrations before it is secured.`,
  );
}

async function schemaGrants(
  runner: Database,
  schema: string,
  grantees: readonly Grantee[],
): Promise<string[]> {
  const held = await selectRows<{ grantee: string | null; privilege: string; grantable: boolean }>(
    runner,
    `SELECT CASE WHEN g.grantee <> 0 THEN pg_get_userbyid(g.grantee) END AS "grantee",
       g.privilege_type AS "privilege", g.is_grantable AS "grantable"
     FROM pg_namespace n CROSS JOIN LATERAL aclexplode(n.nspacl) g WHERE n.nspname = $1`,
    [schema],
  );
  return grantees.flatMap(({ role }) =>
    difference(
      `SCHEMA ${quoteIdentifier(schema)}`,
      role,
      new Set(role === null ? [] : ['USAGE']),
      held.filter(({ grantee }) => grantee === role),
    ),
  );
}

function relationGrants(
  schema: string,
  relation: Relation,
  grants: readonly Grant[],
  grantees: readonly Grantee[],
): string[] {
  const kind = relation.kind === 'S' ? 'SEQUENCE' : 'TABLE';
  const own = grants.filter((grant) => grant.relation === relation.name);
  return grantees.flatMap(({ role, wanted }) =>
    difference(
      `${kind} ${qualified(schema, relation.name)}`,
      role,
      inTable(relation, wanted(relation)),
      own.filter(({ grantee }) => grantee === role),
    ),
  );
}

/** Those of the table itself and of columns that it has: an older version has fewer. */
function inTable({ columns }: Relation, wanted: Privileges): Privileges {
  const isThere = (privilege: string) => {
    const column = /\((.+)\)$/.exec(privilege)?.[1];
    return column === undefined || columns.includes(column);
  };
  return new Set([...wanted].filter(isThere));
}

/** What takes a role from the privileges it has to those it is to have. */
function difference(
  object: string,
  role: string | null,
  wanted: Privileges,
  held: readonly { readonly privilege: string; readonly grantable: boolean }[],
): string[] {
  const who = role === null ? 'PUBLIC' : quoteIdentifier(role);
  const tooMuch = held.some(({ privilege, grantable }) => grantable || !wanted.has(privilege));
  const has = new Set(tooMuch ? [] : held.map(({ privilege }) => privilege));
  const missing = [...wanted].filter((privilege) => !has.has(privilege));
  return [
    // Of the columns too.
    ...(tooMuch ? [`REVOKE ALL PRIVILEGES ON ${object} FROM ${who}`] : []),
    ...(missing.length > 0 ? [`GRANT ${listed(missing)} ON ${object} TO ${who}`] : []),
  ];
}

/** `SELECT, UPDATE ("a", "b")` */
function listed(privileges: readonly string[]): string {
  const columns = new Map<string, string[]>();
  for (const privilege of privileges) {
    const [, name, column] = /^(\w+)(?: \((.+)\))?$/.exec(privilege)!;
    columns.set(name, [
      ...(columns.get(name) ?? []),
      ...(column === undefined ? [] : [quoteIdentifier(column)]),
    ]);
  }
  return [...columns].map(([name, of]) => (of.length > 0 ? `${name} (${of.join(', ')})` : name)).join(', ');
}
