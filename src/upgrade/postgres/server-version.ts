/** The minor release of each version that cures the ways around row-level security known so far. */
const FLOORS: Readonly<Record<number, number>> = { 15: 14, 16: 10, 17: 6 };
const OLDEST = 15;

/**
 * What is wrong with a server's version, if anything is.
 *
 * @param number as `SHOW server_version_num` has it: 150014 for 15.14
 */
export function serverVersionProblem(number: number): string | undefined {
  const [version, minor] = [Math.floor(number / 10_000), number % 10_000];
  const floor = FLOORS[version];
  if (version < OLDEST) {
    return `PostgreSQL ${version} is too old: Cairn needs ${OLDEST}.${FLOORS[OLDEST]} or newer; upgrade the server.`;
  }
  if (floor === undefined || minor >= floor) return undefined;
  return `PostgreSQL ${version}.${minor} has known ways around row-level security: upgrade it to ${version}.${floor} or newer.`;
}
