import { mkdtempSync, rmSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MigrationRefusedError } from '../../migration-refused.error.js';
import { LiveApi } from './live-api.js';
import { LIVE_SYSTEMS } from './systems.js';

export interface FetchOptions {
  /** What lets in. */
  readonly apiKey: string | undefined;
  readonly requestsPerSecond?: number;
  readonly progress?: (records: number) => void;
  readonly onWait?: (seconds: number, reason: string) => void;
}

/** Whether what is to be imported is a server's address, and not a file. */
export function isAddress(place: string): boolean {
  return /^https?:\/\//i.test(place);
}

/**
 * Asks a server for all that it has, into a file, a record or a list of them on each line. The whole file is there
 * before anything is imported of it, so that a server that breaks off leaves nothing half done.
 *
 * @returns the file, and what removes it
 * @throws MigrationRefusedError saying what is wrong with the address or the server
 */
export async function fetchExport(
  from: string,
  address: string,
  { apiKey, requestsPerSecond, progress, onWait }: FetchOptions,
): Promise<{ path: string; remove: () => void }> {
  const base = addressOf(address, apiKey);
  if (!Object.hasOwn(LIVE_SYSTEMS, from)) {
    const names = Object.keys(LIVE_SYSTEMS).join(', ');
    throw new MigrationRefusedError(`--from ${from} reads a file. A server's address goes with ${names}.`);
  }
  const system = LIVE_SYSTEMS[from];
  const api = new LiveApi(base, {
    headers: apiKey === undefined ? {} : { authorization: `${system.scheme} ${apiKey}` },
    requestsPerSecond: requestsPerSecond ?? system.requestsPerSecond,
    onWait,
  });
  const folder = mkdtempSync(join(tmpdir(), 'cairn-import-'));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  const path = join(folder, `${from}.jsonl`);
  try {
    const records = await write(path, system.lines(api), progress);
    if (records === 0) throw new MigrationRefusedError(`${base.origin} has nothing to import.`);
    return { path, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** @returns how many lines there were */
async function write(
  path: string,
  lines: AsyncIterable<string>,
  progress: ((records: number) => void) | undefined,
): Promise<number> {
  const file = await open(path, 'w', 0o600);
  let records = 0;
  try {
    for await (const line of lines) {
      await file.writeFile(`${line}\n`);
      records += 1;
      progress?.(records);
    }
  } finally {
    await file.close();
  }
  return records;
}

function addressOf(address: string, apiKey: string | undefined): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (!url || url.search || url.hash) {
    throw new MigrationRefusedError('The address must be as https://HOST[:PORT][/PATH], and nothing behind.');
  }
  if (url.username || url.password) {
    throw new MigrationRefusedError('The address must hold no credentials: they go into IMPORT_API_KEY.');
  }
  const isHere = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
  if (url.protocol === 'http:' && !isHere && apiKey !== undefined) {
    throw new MigrationRefusedError(
      `IMPORT_API_KEY would go to ${url.hostname} for everybody to read: use https://, or unset it.`,
    );
  }
  return url;
}
