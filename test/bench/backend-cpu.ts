import { existsSync, readFileSync } from 'node:fs';
import { Client } from 'pg';

/** Of a clock tick, in which the system counts. */
const TICK_MS = 10;

/**
 * The CPU of those processes of PostgreSQL that serve a database to a role now, where they run on this machine and
 * can be looked at.
 *
 * @param url of the database, as the role
 * @returns what gives their user and system time since they began, in ms; undefined where that cannot be read
 */
export async function backendCpu(url: string): Promise<() => number | undefined> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ pid: number }>(
    `SELECT pid FROM pg_stat_activity
      WHERE datname = current_database() AND usename = current_user AND pid <> pg_backend_pid()`,
  );
  await client.end();
  const files = rows.map(({ pid }) => `/proc/${pid}/stat`);
  const isPostgres = (file: string) => existsSync(file) && readFileSync(file, 'utf8').includes('(postgres)');
  return () => {
    if (files.length === 0 || !files.every(isPostgres)) return undefined;
    return files.reduce((sum, file) => {
      // After the name, which may hold anything: the state, and the times as the 12th and 13th from there.
      const fields = readFileSync(file, 'utf8').split(') ')[1].split(' ');
      return sum + (Number(fields[11]) + Number(fields[12])) * TICK_MS;
    }, 0);
  };
}
