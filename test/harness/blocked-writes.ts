import { isPostgresUrl } from './postgres/postgres-databases.js';
import { tamper } from './stored-memories.js';

/** A write that the database refuses, as a broken or full one would. */
export interface BlockedWrite {
  readonly table: string;
  readonly on: 'INSERT' | 'DELETE';
  /** The one vault for which that is so; all of them where left out. */
  readonly vaultId?: string;
  /** What PostgreSQL calls it. */
  readonly code?: string;
}

/** @returns what allows it again */
export async function blockWrites(place: string, blocked: BlockedWrite): Promise<() => Promise<void>> {
  const { table, on, vaultId, code = 'P0001' } = blocked;
  const row = on === 'INSERT' ? 'new' : 'old';
  const which = vaultId === undefined ? '' : `WHEN (${row}.vault_id = '${vaultId}')`;
  if (!isPostgresUrl(place)) {
    const trigger = `CREATE TRIGGER blocked BEFORE ${on} ON ${table} ${which} BEGIN SELECT raise(ABORT, 'blocked'); END`;
    await tamper(place, trigger);
    return () => tamper(place, 'DROP TRIGGER blocked');
  }
  await tamper(
    place,
    `CREATE OR REPLACE FUNCTION blocked() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'blocked' USING ERRCODE = '${code}'; END $$`,
  );
  await tamper(
    place,
    `CREATE TRIGGER blocked BEFORE ${on} ON ${table} FOR EACH ROW ${which} EXECUTE FUNCTION blocked()`,
  );
  return () => tamper(place, `DROP TRIGGER blocked ON ${table}`);
}
