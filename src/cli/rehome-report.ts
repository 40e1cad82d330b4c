import type { Digest } from '../upgrade/rehome/rehome-database.js';
import type { GroupReport, RehomeReport } from '../upgrade/rehome/rehome-users.js';
import type { Staying } from '../upgrade/rehome/tree-plan.js';
import { count } from './import-report.js';

/** What became of the users of one vault, a line each. @param from the vault they leave */
export function describeGroup(group: GroupReport, from: string): string[] {
  const { outcome, reason, plan, moved, to, name, mapped } = group;
  const who = usersOf(group);
  if (outcome === 'remains') return [`${who}: stays in ${from}, as the file says`];
  if (outcome === 'refused') return [`${who}: NOT moved, since ${reason}`];
  if (outcome === 'nothing') return [`${who}: nothing to move`];
  if (outcome === 'stays') {
    return [`${who}: stays in ${from}, since all of it is shared`, ...describeStaying(plan!.staying)];
  }
  const called = name === to || mapped ? '' : ` (the vault of ${JSON.stringify(name)})`;
  const lines = [`${who} -> ${to}${called}: ${describeRows(moved!.tables)}`];
  const { copied, others } = moved!.collections;
  if (copied > 0) lines.push(`  ${count(copied, 'collection')} with it`);
  if (others > 0) lines.push(`  ${count(others, 'collection')} of the same name there stays as it is`);
  if (moved!.keys > 0) {
    lines.push(
      `  API keys that go on opening ${from}: ${moved!.keys}; revoke them, and make new ones of ${to}`,
    );
  }
  return [...lines, ...describeStaying(plan!.staying)];
}

/** What it all came to, or would. */
export function describeReport(report: RehomeReport, from: string, dryRun: boolean): string[] {
  const lines: string[] = [];
  for (const user of report.unknown) lines.push(`${JSON.stringify(user)} of the file is not in ${from}`);
  if (report.unowned.size > 0) {
    const rows = [...report.unowned].map(([table, n]) => `${table} ${n}`).join(', ');
    const shared = report.sharesUnowned ? '; users who have left no longer see them' : '';
    lines.push(`What belongs to nobody stays in ${from}: ${rows}${shared}`);
  }
  for (const [table, { rows, sum }] of report.tables) {
    const when = dryRun ? 'to go' : 'before and after';
    lines.push(`${table}: ${count(rows, 'row')} ${when}, hash ${sum.toString(16).slice(-16)}`);
  }
  if (report.usersMade > 0) {
    lines.push(
      `Made anew in ${from}: ${count(report.usersMade, 'row')} of users, for those who keep a part there`,
    );
  }
  if (report.collectionsCopied > 0) {
    lines.push(`Copied, since vaults share no collections: ${count(report.collectionsCopied, 'collection')}`);
  }
  return lines;
}

/** In a sentence. */
export function summaryOf(report: RehomeReport, dryRun: boolean): string {
  const { users, moved, refused, tied, vaultsMade } = report;
  if (users === 0) return 'There are no users in it.';
  const rows = [...report.tables.values()].reduce((sum, digest) => sum + digest.rows, 0);
  const parts = [
    `${moved} of ${count(users, 'user')} ${dryRun ? 'would move' : 'moved'} with ${count(rows, 'row')}`,
    `${count(vaultsMade, 'vault')} ${dryRun ? 'would be made' : 'made'}`,
  ];
  if (tied > 0) parts.push(`${tied} ${tied === 1 ? 'shares' : 'share'} something that stays`);
  if (refused > 0) parts.push(`${refused} NOT moved`);
  return `${parts.join(', ')}.${dryRun ? ' Nothing was changed.' : ''}`;
}

function usersOf({ shown, users }: GroupReport): string {
  const names = shown.map((user) => JSON.stringify(user)).join(', ');
  return users > shown.length ? `${names} and ${users - shown.length} more` : names;
}

function describeRows(tables: ReadonlyMap<string, Digest>): string {
  const all = [...tables].map(([table, { rows }]) => `${table} ${rows}`);
  return all.join(', ');
}

function describeStaying(staying: Staying): string[] {
  const { inSharedSessions, atSharedWaypoints, belongingToThem, facts, sessions } = staying;
  const parts = [
    ...some(inSharedSessions, 'in conversations with others'),
    ...some(atSharedWaypoints, 'joined to memories of others by waypoints'),
    ...some(belongingToThem, 'that belong with those'),
  ];
  const lines = parts.length === 0 ? [] : [`  memories that stay: ${parts.join(', ')}`];
  if (facts > 0) lines.push(`  facts that stay, since edges join them to those of others: ${facts}`);
  for (const { id, users } of sessions) {
    const who = users.map((user) => (user === '' ? 'nobody' : JSON.stringify(user))).join(', ');
    lines.push(`  conversation ${JSON.stringify(id)}: ${who}`);
  }
  return lines;
}

function some(n: number, what: string): string[] {
  return n === 0 ? [] : [`${n} ${what}`];
}
