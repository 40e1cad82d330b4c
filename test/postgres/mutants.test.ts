import { beforeAll, describe, expect, it } from 'vitest';
import { onPostgres } from '../harness/postgres/postgres-databases.js';
import { makeDatabase } from '../harness/tenant-database.js';
import { postgres } from '../tenancy/mutants/postgres.js';

type Examination = typeof import('./examine.js');

describe.runIf(onPostgres)('the connections to PostgreSQL with one protection taken out', () => {
  let template: string;
  beforeAll(async () => {
    template = await makeDatabase('empty');
  });

  it.each(postgres)('are found out: $name', async ({ name }) => {
    const file = './examine.ts';
    const copy = `${file}?mutant=${encodeURIComponent(name)}`;
    const { failingOnPostgres } = (await import(/* @vite-ignore */ copy)) as Examination;
    const found = await failingOnPostgres(template);
    expect(found).not.toEqual([]);
    console.log(`${name}: by ${found.join('; ')}`);
  });
});
