import {
  type Database,
  type Grant,
  readGrants,
  readRelations,
  selectRows,
} from '../../../../migrations/postgres/catalog.js';
import { qualified, quoteIdentifier } from '../../../../migrations/postgres/identifiers.js';

/** What others than their owner may do with these tables, and with the sequences that number their rows. */
export async function readTableGrants(
  database: Database,
  schema: string,
  tables: readonly string[],
): Promise<Grant[]> {
  const names = [...tables, ...(await sequencesOf(database, schema, tables))];
  return (await readGrants(database, schema)).filter(({ relation }) => names.includes(relation));
}

/** Makes what others may do what it was. A role that is gone has lost it. */
export async function restoreTableGrants(
  database: Database,
  schema: string,
  tables: readonly string[],
  wanted: readonly Grant[],
): Promise<void> {
  const held = await readTableGrants(database, schema, tables);
  const sequences = (await readRelations(database, schema)).filter(({ kind }) => kind === 'S');
  const objectOf = ({ relation }: Grant) =>
    `${sequences.some(({ name }) => name === relation) ? 'SEQUENCE' : 'TABLE'} ${qualified(schema, relation)}`;
  const roles = await selectRows<{ name: string }>(
    database,
    'SELECT rolname AS name FROM pg_catalog.pg_roles',
  );
  const isLeft = ({ grantee }: Grant) => grantee === null || roles.some(({ name }) => name === grantee);
  const keyOf = (grant: Grant) => JSON.stringify(Object.entries(grant).sort());
  const same = (one: readonly Grant[], other: readonly Grant[]) =>
    one.map(keyOf).sort().join() === other.map(keyOf).sort().join();
  const left = wanted.filter(isLeft);
  if (same(held, left)) return;
  for (const grant of held) {
    await database.query(`REVOKE ALL PRIVILEGES ON ${objectOf(grant)} FROM ${whoOf(grant)}`);
  }
  for (const grant of left) {
    const [, name, column] = /^(\w+)(?: \((.+)\))?$/.exec(grant.privilege)!;
    const of = column === undefined ? '' : ` (${quoteIdentifier(column)})`;
    const option = grant.grantable ? ' WITH GRANT OPTION' : '';
    await database.query(`GRANT ${name}${of} ON ${objectOf(grant)} TO ${whoOf(grant)}${option}`);
  }
}

function whoOf({ grantee }: Grant): string {
  return grantee === null ? 'PUBLIC' : quoteIdentifier(grantee);
}

async function sequencesOf(database: Database, schema: string, tables: readonly string[]): Promise<string[]> {
  const rows = await selectRows<{ name: string }>(
    database,
    `SELECT s.relname AS name FROM pg_catalog.pg_depend d
       JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'
       JOIN pg_catalog.pg_class t ON t.oid = d.refobjid
       JOIN pg_catalog.pg_namespace n ON n.oid = t.relnamespace
      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
        AND d.deptype IN ('a', 'i') AND n.nspname = $1 AND t.relname = ANY($2)`,
    [schema, tables],
  );
  return rows.map(({ name }) => name);
}
