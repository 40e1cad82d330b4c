/** What stands in a dump that cannot be what pg_dump wrote, or is not understood. */
export class PgDumpError extends Error {
  /** @param line where it stands, from 1 */
  constructor(
    readonly line: number,
    message: string,
  ) {
    super(message);
  }
}
