import { type Database, selectRows } from '../../../../migrations/postgres/catalog.js';
import { qualified, quoteIdentifier } from '../../../../migrations/postgres/identifiers.js';
import { MigrationRefusedError } from '../../migration-refused.error.js';
import type { OldSchema } from './old-tables.js';

/**
 * Checks that OpenMemory's tables can be taken over, by the role that is connected.
 *
 * @throws MigrationRefusedError with the one statement that mends it, or with what has to go first
 */
export async function checkOldSchema(database: Database, old: OldSchema): Promise<void> {
  await refuseForeignTables(database, old);
  const obstacles = [...old.unknown, ...(await readDependents(database, old))];
  if (obstacles.length === 0) return;
  throw new MigrationRefusedError(
    `The schema ${old.schema} holds the tables of OpenMemory, and with them what no release of it has: ` +
      `${obstacles.join(', ')}. Since nothing may be lost, take that away and run this again. Nothing was changed.`,
  );
}

async function refuseForeignTables(database: Database, { schema, tables, usable }: OldSchema): Promise<void> {
  const foreign = tables.filter(({ owned }) => !owned);
  if (foreign.length === 0 && usable) return;
  const [{ role }] = await selectRows<{ role: string }>(database, 'SELECT current_user AS role');
  const to = quoteIdentifier(role);
  const statements = [
    ...(usable ? [] : [`GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${to};`]),
    ...foreign.map(({ name }) => `ALTER TABLE ${qualified(schema, name)} OWNER TO ${to};`),
  ];
  const names = foreign.map(({ name }) => `${schema}.${name}`).join(', ');
  throw new MigrationRefusedError(
    `The role ${role} may not take over the tables of OpenMemory in the schema ${schema}${names && `: it does not own ${names}`}. ` +
      `Nothing was changed. Stop OpenMemory, then as a superuser run ${oneStatement(statements)}`,
  );
}

function oneStatement(statements: readonly string[]): string {
  if (statements.length === 1) return statements[0];
  const body = statements.join(' ');
  const mark = ['$take$', '$take_over$', '$cairn_takes_over$'].find((one) => !body.includes(one))!;
  return `DO ${mark} BEGIN ${body} END ${mark};`;
}

/** What somebody has tied to the tables, which would break, or see no rows any more. */
async function readDependents(database: Database, { tables }: OldSchema): Promise<string[]> {
  const rows = await selectRows<{ what: string }>(
    database,
    `SELECT format('foreign key %s of %s', k.conname, k.conrelid::regclass) AS what
       FROM pg_catalog.pg_constraint k
      WHERE k.contype = 'f' AND k.confrelid = ANY($1::oid[]) AND NOT k.conrelid = ANY($1::oid[])
     UNION ALL
     SELECT format('trigger %s of %s', t.tgname, t.tgrelid::regclass) FROM pg_catalog.pg_trigger t
      WHERE t.tgrelid = ANY($1::oid[]) AND NOT t.tgisinternal
     UNION ALL
     SELECT DISTINCT CASE WHEN r.ev_class = ANY($1::oid[]) THEN format('rule %s of %s', r.rulename, r.ev_class::regclass)
         ELSE format('view %s', r.ev_class::regclass) END
       FROM pg_catalog.pg_depend d JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid
      WHERE d.classid = 'pg_catalog.pg_rewrite'::regclass AND d.refclassid = 'pg_catalog.pg_class'::regclass
        AND d.refobjid = ANY($1::oid[])
     UNION ALL
     SELECT format('table %s, which inherits', i.inhrelid::regclass) FROM pg_catalog.pg_inherits i
      WHERE i.inhparent = ANY($1::oid[]) OR i.inhrelid = ANY($1::oid[])
     UNION ALL
     SELECT format('row-level security of %s', c.oid::regclass) FROM pg_catalog.pg_class c
      WHERE c.oid = ANY($1::oid[]) AND (c.relrowsecurity OR c.relforcerowsecurity)
     UNION ALL
     SELECT format('generated column %s of %s', a.attname, a.attrelid::regclass) FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = ANY($1::oid[]) AND NOT a.attisdropped AND (a.attgenerated <> '' OR a.attidentity = 'a')
     ORDER BY 1`,
    [tables.map(({ oid }) => oid)],
  );
  return rows.map(({ what }) => what);
}
