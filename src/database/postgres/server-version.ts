/** The first release of each major version with the correction; later ones have it from the beginning. */
const CORRECTED = new Map([
  [15, 14],
  [16, 10],
  [17, 6],
]);
const OLDEST = Math.min(...CORRECTED.keys());

/**
 * Whether a server can be trusted with row-level security.
 *
 * @param versionNum as `SHOW server_version_num` has it, such as 150014
 * @returns what is wrong and how to mend it; undefined when nothing is
 */
export function checkServerVersion(versionNum: number): string | undefined {
  const major = Math.floor(versionNum / 10_000);
  const minor = versionNum % 10_000;
  const shown = major < 10 ? `${major}.${Math.floor(minor / 100)}` : `${major}.${minor}`;
  if (major < OLDEST) {
    return `The server is PostgreSQL ${shown}, and Cairn needs ${OLDEST} or later: upgrade the server.`;
  }
  const corrected = CORRECTED.get(major);
  if (corrected === undefined || minor >= corrected) return undefined;
  return (
    `The server is PostgreSQL ${shown}, where the planner's statistics let rows be guessed past row-level security ` +
    `(CVE-2025-8713): update it to ${major}.${corrected} or later.`
  );
}
