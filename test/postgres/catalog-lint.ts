import type { Client } from 'pg';

/** What may be without a vault in each row. */
const WITHOUT_VAULT = ['migrations', 'schema_version'];

/** A rule over the catalog: its statement selects a sentence for each violation in the schema `$1`. */
export interface Rule {
  readonly name: string;
  readonly sql: string;
}

const OF_SCHEMA = `FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = $1`;
const TABLES = `${OF_SCHEMA} AND c.relkind IN ('r', 'p') AND c.relname <> ALL ('{${WITHOUT_VAULT.join(',')}}')`;
/** The number of `vault_id` among the columns of `c`; null where there is none. */
const VAULT = `(SELECT v.attnum FROM pg_attribute v WHERE v.attrelid = c.oid AND v.attname = 'vault_id' AND NOT v.attisdropped)`;

export const RULES: readonly Rule[] = [
  {
    name: 'L1: every table has a vault in each row, under forced row-level security',
    sql: `SELECT c.relname || ' is open' ${TABLES} WHERE NOT (c.relrowsecurity AND c.relforcerowsecurity AND EXISTS
      (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'vault_id' AND a.attnotnull))`,
  },
  {
    name: 'L2: every table has exactly the one policy',
    sql: `SELECT c.relname || ' has policies ' || coalesce(string_agg(p.polname, ', '), 'none') ${TABLES}
      LEFT JOIN pg_policy p ON p.polrelid = c.oid GROUP BY c.oid, c.relname HAVING count(p.oid) <> 1 OR NOT bool_and(
        p.polname = 'vault' AND p.polpermissive AND p.polcmd = '*' AND p.polroles = '{0}'
        AND pg_get_expr(p.polqual, c.oid) = '(vault_id = NULLIF(current_setting(''app.vault_id''::text, true), ''''::text))'
        AND pg_get_expr(p.polwithcheck, c.oid) = pg_get_expr(p.polqual, c.oid))`,
  },
  {
    name: 'L3, citus 2: every unique key begins with the vault',
    sql: `SELECT i.indexrelid::regclass || ' is unique over vaults' ${TABLES} JOIN pg_index i ON i.indrelid = c.oid
      WHERE i.indisunique AND i.indkey[0] IS DISTINCT FROM ${VAULT}`,
  },
  {
    name: 'L4: every reference has an index',
    sql: `SELECT k.conname || ' has no index' ${OF_SCHEMA} JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f'
      WHERE NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid
        AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey)`,
  },
  {
    name: 'L4, citus 2: every reference begins with the vault on both sides',
    sql: `SELECT k.conname || ' leads out of the vault' ${OF_SCHEMA}
      JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f'
      WHERE k.conkey[1] IS DISTINCT FROM ${VAULT} OR k.confkey[1] IS DISTINCT FROM
        (SELECT a.attnum FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attname = 'vault_id')`,
  },
  {
    name: 'L5: views see what the one who asks sees, and nothing else holds rows',
    sql: `SELECT c.relname || ' is of kind ' || c.relkind::text ${OF_SCHEMA} WHERE c.relkind IN ('m', 'f')
      OR c.relkind = 'v' AND NOT coalesce(c.reloptions::text[] && ARRAY['security_invoker=true', 'security_invoker=on'], false)`,
  },
  {
    name: 'L6: no function acts as its owner',
    sql: `SELECT p.proname || ' acts as its owner' FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname = $1 AND p.prosecdef`,
  },
  {
    name: 'L7: nobody is everybody',
    sql: `SELECT g.privilege_type || ' on ' || c.relname || ' for all' ${OF_SCHEMA}
      CROSS JOIN LATERAL (SELECT c.relacl AS acl UNION ALL SELECT a.attacl FROM pg_attribute a
        WHERE a.attrelid = c.oid AND a.attacl IS NOT NULL) held CROSS JOIN LATERAL aclexplode(held.acl) g WHERE g.grantee = 0
      UNION ALL SELECT p.privilege || ' on the schema for all' FROM unnest(ARRAY['USAGE', 'CREATE']) p (privilege)
      WHERE has_schema_privilege('public', $1, p.privilege)
      UNION ALL SELECT 'EXECUTE on ' || p.proname || ' for all' FROM pg_proc p JOIN pg_namespace n
        ON n.oid = p.pronamespace WHERE n.nspname = $1 AND has_function_privilege('public', p.oid, 'EXECUTE')`,
  },
  {
    name: 'L9: every index begins with the vault',
    sql: `SELECT i.indexrelid::regclass || ' is over vaults' ${TABLES} JOIN pg_index i ON i.indrelid = c.oid
      WHERE i.indkey[0] IS DISTINCT FROM ${VAULT}`,
  },
  {
    name: 'L10, citus 1: no policy asks another table',
    sql: `SELECT p.polname || ' asks another table' ${OF_SCHEMA} JOIN pg_policy p ON p.polrelid = c.oid
      WHERE concat(p.polqual::text, p.polwithcheck::text) LIKE '%SUBLINK%'`,
  },
  {
    name: 'citus 2: the vault is the first column, a text in byte order, without a default',
    sql: `SELECT c.relname || ' has another vault_id' ${OF_SCHEMA}
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'vault_id' JOIN pg_collation l ON l.oid = a.attcollation
      WHERE c.relkind IN ('r', 'p') AND NOT (a.attnum = 1 AND a.atttypid = 'text'::regtype AND l.collname = 'C'
        AND NOT a.atthasdef AND a.attgenerated = '' AND a.attidentity = '')`,
  },
  {
    name: 'texts in keys and indexes are in byte order',
    sql: `SELECT i.indexrelid::regclass || ' has ' || a.attname || ' in ' || l.collname ${TABLES}
      JOIN pg_index i ON i.indrelid = c.oid JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (i.indkey)
      JOIN pg_collation l ON l.oid = a.attcollation WHERE l.collname <> 'C'`,
  },
  {
    name: 'citus 3: every table has a primary key',
    sql: `SELECT c.relname || ' has no primary key' ${OF_SCHEMA} WHERE c.relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary)`,
  },
  {
    name: 'citus 3: references cascade, or do nothing',
    sql: `SELECT k.conname || ' does ' || k.confdeltype::text || k.confupdtype::text ${OF_SCHEMA} JOIN pg_constraint k ON k.conrelid = c.oid
      AND k.contype = 'f' WHERE k.confdeltype NOT IN ('c', 'a', 'r') OR k.confupdtype NOT IN ('a', 'r')
        OR k.confrelid NOT IN (SELECT c.oid ${TABLES})`,
  },
  {
    name: 'citus 4: there are no triggers or rules, and the vaults refer to nothing',
    sql: `SELECT t.tgname || ' is a trigger' ${OF_SCHEMA} JOIN pg_trigger t ON t.tgrelid = c.oid WHERE NOT t.tgisinternal
      UNION ALL SELECT r.rulename || ' is a rule' ${OF_SCHEMA} AND c.relkind <> 'v' JOIN pg_rewrite r ON r.ev_class = c.oid
      UNION ALL SELECT k.conname || ' leads from vaults' ${OF_SCHEMA} AND c.relname = 'vaults'
        JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'f'`,
  },
];

/** The rule's violations. */
export async function violations(client: Client, schema: string, { sql }: Rule): Promise<string[]> {
  const { rows } = await client.query<[string]>({ text: sql, values: [schema], rowMode: 'array' });
  return rows.map(([sentence]) => sentence);
}
