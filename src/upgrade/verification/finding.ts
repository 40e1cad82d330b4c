/** What can be wrong with a database. */
export type Check =
  | 'integrity' // the file itself
  | 'schema' // tables, columns, keys and indexes
  | 'versions' // the records of what was migrated
  | 'counts' // the counters of each owner
  | 'references' // rows that belong to rows that are not there
  | 'index' // the recall index
  | 'statements'; // how the service's statements are carried out

/** Gets what is wrong, a sentence at a time: there may be more of it than fits into memory. */
export type Report = (check: Check, message: string) => void;

/** One owner's memories in one vault, in words. */
export function ownerName(vaultId: string, userId: string): string {
  const owner = userId === '' ? 'memories of nobody' : `memories of ${quoted(userId)}`;
  return `${owner} in vault ${quoted(vaultId)}`;
}

/** An id as it stands in the database, whatever characters it has. */
export function quoted(id: unknown): string {
  return JSON.stringify(id);
}
