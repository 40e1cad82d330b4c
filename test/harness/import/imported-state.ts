import { DatabaseView } from '../database-view.js';

/** Tables of no vault, or that have what differs from run to run by nature. */
const APART = /^(schema_version|typeorm_|migrations|vaults$)/;

/** Times of a run itself; others are those of the source, which are long past. */
const isOfTheRun = (value: unknown) => Number(value) > Date.now() - 86_400_000;

/** Every row of every table, without the times of the run that wrote it and the numbers it drew. */
export function importedState(place: string): Record<string, string[]> {
  const view = new DatabaseView(place);
  const state: Record<string, string[]> = {};
  for (const table of view.tables().filter((name) => !APART.test(name))) {
    const rows = view.all(`SELECT * FROM "${table}"`).map((row) =>
      JSON.stringify(
        Object.entries(row)
          .filter(([name]) => table !== 'scopes' || name !== 'revision')
          .map(([name, value]) =>
            /(_at|^ts)$/.test(name) && isOfTheRun(value) ? [name, 'now'] : [name, value],
          ),
      ),
    );
    state[table] = rows.sort();
  }
  view.close();
  return state;
}
