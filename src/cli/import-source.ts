import { fetchExport, isAddress } from '../upgrade/import/live/fetch-export.js';
import { openSource } from '../upgrade/import/open-source.js';
import type { ImportSource } from '../upgrade/import/source.js';
import type { ImportArguments } from './import-options.js';
import type { Print } from './migrate-output.js';
import { ProgressLine } from './progress-line.js';

/**
 * Opens what the command line names: a file, a database, or a server, whose records are fetched first.
 *
 * @throws MigrationRefusedError saying what is wrong with it
 */
export async function openGiven(
  args: Extract<ImportArguments, { command: 'import' }>,
  print: Print,
): Promise<{ source: ImportSource; close: () => void }> {
  const line = new ProgressLine(process.stderr);
  const reading = (done: number, size: number, unit: string) => line.show(done, size, unit);
  const fetched = isAddress(args.file)
    ? await fetchExport(args.from, args.file, {
        apiKey: process.env.IMPORT_API_KEY || undefined,
        requestsPerSecond: args.rate,
        progress: (records) => line.show(records, records, 'answers fetched'),
        onWait: (seconds, reason) => line.above(() => print(`[IMPORT] Waiting for ${seconds} s: ${reason}`)),
      }).finally(() => line.clear())
    : undefined;
  try {
    const name = fetched && new URL(args.file).host;
    const source = await openSource(args.from, fetched?.path ?? args.file, { ...args, name, reading });
    const close = () => {
      source.close();
      fetched?.remove();
    };
    return { source, close };
  } catch (error) {
    fetched?.remove();
    throw error;
  } finally {
    line.clear();
  }
}
