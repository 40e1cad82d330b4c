import { onPostgres } from './postgres/postgres-databases.js';

/**
 * How much of something a test does: what the setting of this name says, else fewer on PostgreSQL, where each costs
 * ways to a server and back. Printed, as a seed is.
 */
export function extent(
  setting: string,
  numbers: { readonly sqlite: number; readonly postgres: number },
): number {
  const given = process.env[setting];
  const number = given ? Number(given) : numbers[onPostgres ? 'postgres' : 'sqlite'];
  console.log(`${setting}=${number}`);
  return number;
}
