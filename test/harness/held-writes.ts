import Database from 'better-sqlite3';
import pg from 'pg';
import { SCHEMA, isPostgresUrl } from './postgres/postgres-databases.js';

/** Keeps everybody else from writing memories, as another process may. @returns what lets them again */
export async function holdWrites(place: string): Promise<() => Promise<void>> {
  if (!isPostgresUrl(place)) {
    const database = new Database(place);
    database.exec('BEGIN IMMEDIATE');
    return () => Promise.resolve(void database.close());
  }
  const client = new pg.Client({ connectionString: place });
  await client.connect();
  await client.query('BEGIN');
  await client.query(`LOCK TABLE ${SCHEMA}.memories IN EXCLUSIVE MODE`);
  return () => client.end();
}
