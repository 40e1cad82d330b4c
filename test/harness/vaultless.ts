import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DEFAULT_VAULT } from '../../src/vaults/vault-id.js';
import { Client, type TestService, temporaryFolder } from './app.js';
import { DatabaseView } from './database-view.js';
import { nowInSeconds, signParts } from './tokens.js';

/** What a token may do where nothing is said, and the permission of services. */
export const SERVICE = ['read', 'write', 'delete', 'vault'];

/** A token of exactly these claims, and an hour to live. */
export function tokenOf(claims: object): string {
  return signParts({ alg: 'HS256', typ: 'JWT' }, { exp: nowInSeconds() + 3600, ...claims });
}

/** A caller with a token of exactly these claims. */
export function callerOf({ baseUrl }: Pick<TestService, 'baseUrl'>, claims: object): Client {
  return new Client(baseUrl, { authorization: `Bearer ${tokenOf(claims)}` });
}

/** The text of a file of flags in which `default-vault` has this mode, and every other vault the usual one. */
export function flagsText(mode: string): string {
  const rules = [{ value: mode, vaults: [DEFAULT_VAULT] }];
  return JSON.stringify({ flags: { 'tenancy.enforcement': { rules, default: 'enforced' } } });
}

/** A file of flags that can be changed while services read it. */
export class ModeFile {
  readonly path = join(temporaryFolder(), 'flags.json');

  constructor(mode: string) {
    writeFileSync(this.path, flagsText(mode));
  }

  /** Until services have seen it. */
  async change(mode: string, isSeen: () => Promise<boolean>): Promise<void> {
    writeFileSync(this.path, flagsText(mode));
    while (!(await isSeen())) await sleep(50);
  }
}

/** What is kept of requests without a vault claim, as it lies in the database. */
export function keptRequests(databasePath: string) {
  const view = new DatabaseView(databasePath);
  const rows = view.all<{ vault_id: string; user_id: string; ts: number; dims: string; count: number }>(
    "SELECT vault_id, user_id, ts, dims, count FROM stats WHERE type = 'token-without-vault' ORDER BY dims",
  );
  view.close();
  return rows.map(({ dims, ts, count, ...row }) => ({
    ...row,
    ts: Number(ts),
    count: Number(count),
    ...(JSON.parse(dims) as { client: string; mode: string }),
  }));
}
