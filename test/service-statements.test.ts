import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { migrateDatabase } from '../src/upgrade/migrate-database.js';
import { SERVICE_STATEMENTS } from '../src/upgrade/service-statements.js';
import { canonicalStatement, verifyStatements } from '../src/upgrade/verification/statement-plans.js';
import type { ApiRoute } from './harness/api-routes.js';
import { temporaryFolder } from './harness/app.js';
import { type Asked, useService } from './harness/service-use.js';
import { statementsDuring } from './harness/statement-spy.js';

const FILE = 'src/upgrade/service-statements.ts';

let routes: ApiRoute[];
let asked: Asked[];
let seen: string[];

beforeAll(async () => {
  const statements = await statementsDuring(async () => {
    ({ routes, asked } = await useService(join(temporaryFolder(), 'cairn.sqlite')));
  });
  seen = [...new Set(statements.map(canonicalStatement).filter(searches))].sort();
  if (process.env.WRITE_STATEMENTS) writeFileSync(FILE, fileOf(seen));
});

/** Whether a statement looks for rows; an insertion of values does not, nor what begins and ends transactions. */
function searches(sql: string): boolean {
  if (/^INSERT INTO "\w+"\([^)]*\) VALUES \([?, ']+\)(, \([?, ']+\))*$/.test(sql)) return false;
  return /^UPDATE |^(SELECT|WITH|DELETE|INSERT|REPLACE) .*\b(FROM|INTO)\b/.test(sql);
}

function fileOf(statements: readonly string[]): string {
  const groups = new Map<string, string[]>();
  for (const statement of statements) {
    const at = statement.indexOf(' WHERE ');
    const [beginning, end] = at < 0 ? [statement, ''] : [statement.slice(0, at), statement.slice(at)];
    groups.set(beginning, [...(groups.get(beginning) ?? []), end]);
  }
  const lines = [...groups].map(([beginning, ends]) => {
    return `  [\n    \`${beginning}\`,\n${ends.map((end) => `    \`${end}\`,\n`).join('')}  ],\n`;
  });
  return `// Written by \`npm run statements\`: do not edit.

/** A beginning, and the ends that go with it. */
const STATEMENTS: readonly (readonly [string, ...string[]])[] = [
${lines.join('')}];

/**
 * Every statement by which the service searches its database, lists of each length as one. Lists by filters are here
 * with each filter alone, each two, and all of them.
 */
export const SERVICE_STATEMENTS: readonly string[] = STATEMENTS.flatMap(([beginning, ...ends]) =>
  ends.map((end) => beginning + end),
);
`;
}

describe('the list of the service’s statements', () => {
  it('is made by using every route, with everything that it can be asked', () => {
    const used = (route: ApiRoute) => {
      const path = new RegExp(`^${route.path.replaceAll(/:\w+/g, '[^/]+')}$`);
      return asked.filter((one) => one.method === route.method && path.test(one.path));
    };
    const ofTheApi = routes.filter(({ path }) => path.startsWith('/v1/'));
    expect(ofTheApi.length).toBeGreaterThan(40);
    const missing = ofTheApi.flatMap((route) => {
      const requests = used(route);
      const fields = new Set(requests.flatMap((one) => one.fields));
      const name = `${route.method} ${route.path}`;
      const wanted = [...Object.keys(route.query), ...Object.keys(route.body ?? {})];
      return [
        ...(requests.some(({ status }) => status < 300) ? [] : [name]),
        ...wanted.filter((field) => !fields.has(field)).map((field) => `${name}: ${field}`),
      ];
    });
    expect(missing).toEqual([]);
  });

  it('has a change of each field of a memory that may be changed', () => {
    const { body } = routes.find(({ method, path }) => method === 'PATCH' && path === '/v1/memories/:id')!;
    const columns = Object.keys(body!).map((field) => (field === 'sector' ? 'primary_sector' : field));
    expect(columns.length).toBeGreaterThan(6);
    const changes = seen.map((sql) => /^UPDATE "memories" SET (.*) WHERE /.exec(sql)?.[1] ?? '');
    // Asked for is not enough: what stays as it was is not written.
    const unchanged = columns.filter((column) => !changes.some((set) => set.includes(`"${column}" = ?`)));
    expect(unchanged).toEqual([]);
  });

  it('has every statement that was seen, and no other: `npm run statements` writes it', () => {
    if (process.env.WRITE_STATEMENTS) return;
    const [listed, found] = [new Set(SERVICE_STATEMENTS), new Set(seen)];
    expect(seen.filter((sql) => !listed.has(sql))).toEqual([]);
    expect(SERVICE_STATEMENTS.filter((sql) => !found.has(sql))).toEqual([]);
    expect(readFileSync(FILE, 'utf8')).toBe(fileOf(seen));
  });

  it('is of statements that all search by indexes led by vault_id, in a new database', async () => {
    const path = join(temporaryFolder(), 'new.sqlite');
    await migrateDatabase({ path });
    const database = new Database(path, { readonly: true });
    const complaints: string[] = [];
    expect(verifyStatements(database, (_, message) => complaints.push(message), seen)).toBeGreaterThan(200);
    expect(complaints).toEqual([]);
    database.close();
  });
});
