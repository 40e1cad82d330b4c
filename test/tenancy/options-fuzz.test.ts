import 'reflect-metadata';
import fc from 'fast-check';
import {
  And,
  Between,
  Equal,
  type FindManyOptions,
  type FindOptionsWhere,
  In,
  IsNull,
  LessThan,
  Like,
  MoreThanOrEqual,
  Not,
  Or,
  Raw,
} from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Memory } from '../../src/memories/memory.entity.js';
import { TenantContext } from '../../src/tenancy/tenant-context.js';
import { onPostgres } from '../harness/postgres/postgres-databases.js';
import { makeDatabase } from '../harness/tenant-database.js';
import { TenantWorld, openTenants } from '../harness/tenants.js';
import { Attempt } from './attempt.js';
import { SETTINGS } from './settings.js';

const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
console.log(`find options at random: SEED=${seed}`);

const text = fc.constantFrom('A', 'B', 'u1', 'u2', '', 'm-u1-1', 'm-u1-3', 'm-u2-1', 'm-u1-expired', 'next');
const number = fc.constantFrom(0, 1, 2, 51, 100, 1001, 1051, 9_999_999_999_999);

const ofText = fc.oneof(
  text,
  text.map(Equal),
  text.map((value) => Not(value)),
  fc.array(text).map(In),
  fc.array(text).map((values) => Not(In(values))),
  fc.constantFrom('%', 'm-%', '%u2%', 'B%').map(Like),
  text.map((value) => Raw((column) => `${column} = '' OR ${column} >= :given`, { given: value })),
  fc.tuple(text, text).map(([a, b]) => Or(Equal(a), And(Not(Equal(b)), Like('%')))),
);
const ofNumber = fc.oneof(
  number,
  number.map(MoreThanOrEqual),
  number.map(LessThan),
  fc.tuple(number, number).map(([a, b]) => Between(a, b)),
  number.map((value) => Not(Equal(value))),
);

/** Some of these fields. */
const some = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] }) as fc.Arbitrary<Partial<T>>;

const where = some({
  vaultId: ofText,
  id: ofText,
  userId: ofText,
  version: ofNumber,
  expiresAt: fc.oneof(ofNumber, fc.constant(IsNull())),
  outgoing: some({ type: ofText, weight: ofNumber, dst: some({ id: ofText, userId: ofText }) }),
  versions: some({ memoryId: ofText, vaultId: ofText }),
}) as fc.Arbitrary<FindOptionsWhere<Memory>>;

const options = some({
  where: fc.oneof(where, fc.array(where, { maxLength: 3 })),
  relations: some({
    versions: fc.boolean(),
    vectors: fc.boolean(),
    outgoing: fc.oneof(fc.boolean(), some({ src: fc.boolean(), dst: some({ incoming: fc.boolean() }) })),
    incoming: fc.boolean(),
  }),
  // With the key and what is ordered by: TypeORM cannot make pages of joins without.
  select: fc.constant({ vaultId: true, id: true, version: true, content: true }),
  relationLoadStrategy: fc.constantFrom('join', 'query'),
  loadRelationIds: fc.boolean(),
  withDeleted: fc.boolean(),
  skip: fc.integer({ min: 0, max: 3 }),
  take: fc.integer({ min: 1, max: 4 }),
}).map((given) => ({ ...given, order: { version: 'ASC', id: 'ASC' } })) as fc.Arbitrary<
  FindManyOptions<Memory>
>;

describe.each(SETTINGS)('whatever the options of a find, between $name', (setting) => {
  let full: TenantWorld;
  let alone: TenantWorld;
  const counts = { found: 0, refused: 0 };
  beforeAll(async () => {
    const template = await makeDatabase('seeded');
    full = await TenantWorld.open(template, openTenants);
    alone = await TenantWorld.open(template, openTenants, setting.reads);
  });
  afterAll(async () => {
    console.log(`${setting.name}: ${counts.found} found something, ${counts.refused} were refused`);
    await full.close();
    await alone.close();
  });

  async function answer(world: TenantWorld, given: FindManyOptions<Memory>): Promise<string> {
    const { memories } = new Attempt(world.dataSource, setting);
    try {
      return await TenantContext.run(setting.scope, async () =>
        JSON.stringify([
          await memories.find(given),
          await memories.count(given),
          await memories.exists(given),
        ]),
      );
    } catch (error) {
      return String(error);
    }
  }

  it('the answer is the one there would be without the others', async () => {
    const property = fc.asyncProperty(options, async (given) => {
      const seen = await answer(full, given);
      if (!seen.startsWith('[')) counts.refused++;
      else if (seen.includes('canary')) counts.found++;
      expect(seen).toBe(await answer(alone, given));
      const marks = seen.match(/canary\.\w+\.[\w-]+\./g) ?? [];
      expect(marks.filter((mark) => !setting.readsCanary(mark))).toEqual([]);
    });
    // A statement of PostgreSQL's goes to another process and back.
    await fc.assert(property, { seed, numRuns: onPostgres ? 150 : 400 });
    expect(counts.found).toBeGreaterThan(10);
  });
});
