/** What runs a statement: a client of `pg`, which returns a result, or a query runner of TypeORM, which returns rows. */
export interface Database {
  query(sql: string, parameters?: unknown[]): Promise<unknown>;
}

/** @param sql selects columns under these names */
export async function selectRows<Row>(
  database: Database,
  sql: string,
  parameters: readonly unknown[] = [],
): Promise<Row[]> {
  const result = await database.query(sql, [...parameters]);
  return (Array.isArray(result) ? result : (result as { rows: unknown[] }).rows) as Row[];
}

/** A table, view or sequence of a schema. */
export interface Relation {
  readonly name: string;
  /** As in `pg_class.relkind`. */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f' | 'S';
  readonly owner: string;
  readonly columns: readonly string[];
  /** Whether its rows say which vault they belong to. */
  readonly hasVault: boolean;
  readonly enabled: boolean;
  readonly forced: boolean;
}

export interface Policy {
  readonly table: string;
  readonly name: string;
  /** `*` where it is for all commands. */
  readonly command: string;
  readonly permissive: boolean;
  readonly forPublic: boolean;
  readonly using: string | null;
  readonly check: string | null;
}

/** A privilege that somebody other than the owner has. */
export interface Grant {
  readonly relation: string;
  /** Null for PUBLIC. */
  readonly grantee: string | null;
  /** `SELECT`, or of one column `UPDATE (content)`. */
  readonly privilege: string;
  readonly grantable: boolean;
}

/** By name; without what an extension has brought. */
export async function readRelations(database: Database, schema: string): Promise<Relation[]> {
  const rows = await selectRows<Omit<Relation, 'columns'> & { readonly columns: string }>(
    database,
    `SELECT c.relname AS "name", c.relkind::text AS "kind", pg_get_userbyid(c.relowner) AS "owner",
       (SELECT coalesce(json_agg(a.attname), '[]')::text FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS "columns",
       c.relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_attribute a
         WHERE a.attrelid = c.oid AND a.attname = 'vault_id' AND NOT a.attisdropped) AS "hasVault",
       c.relrowsecurity AS "enabled", c.relforcerowsecurity AS "forced"
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND NOT EXISTS (SELECT FROM pg_depend d
       WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
     ORDER BY c.relname COLLATE "C"`,
    [schema],
  );
  return rows.map((row) => ({ ...row, columns: JSON.parse(row.columns) as string[] }));
}

export function readPolicies(database: Database, schema: string): Promise<Policy[]> {
  return selectRows(
    database,
    `SELECT c.relname AS "table", p.polname AS "name", p.polcmd::text AS "command",
       p.polpermissive AS "permissive", p.polroles = '{0}'::oid[] AS "forPublic",
       pg_get_expr(p.polqual, p.polrelid) AS "using", pg_get_expr(p.polwithcheck, p.polrelid) AS "check"
     FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
     WHERE n.nspname = $1 ORDER BY c.relname COLLATE "C", p.polname COLLATE "C"`,
    [schema],
  );
}

/** Of tables, views and sequences, and of single columns. */
export function readGrants(database: Database, schema: string): Promise<Grant[]> {
  return selectRows(
    database,
    `SELECT c.relname AS "relation", CASE WHEN g.grantee <> 0 THEN pg_get_userbyid(g.grantee) END AS "grantee",
       g.privilege_type || coalesce(' (' || held.attname || ')', '') AS "privilege", g.is_grantable AS "grantable"
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       CROSS JOIN LATERAL (SELECT c.relacl AS acl, NULL::name AS attname
         UNION ALL SELECT a.attacl, a.attname FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL AND NOT a.attisdropped) held
       CROSS JOIN LATERAL aclexplode(held.acl) g
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S') AND g.grantee <> c.relowner
     ORDER BY 1, 2, 3`,
    [schema],
  );
}
