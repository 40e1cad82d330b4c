import 'reflect-metadata';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Indexed } from '../src/recall/indexed.js';
import { RecallIndex } from '../src/recall/recall-index.js';
import { ScopeRow } from '../src/recall/scope.entity.js';
import { TermBlock } from '../src/recall/term-block.entity.js';
import { makeScope } from '../src/tenancy/scope.js';
import { Tenancy } from '../src/tenancy/tenancy.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { TestService } from './harness/app.js';
import { content, session } from './harness/recall-texts.js';
import { randomSeed } from './harness/seed.js';

const seed = randomSeed('recall.index');

let service: TestService;
let index: RecallIndex;
let vaults = 0;

beforeAll(async () => {
  service = await TestService.start();
  index = service.app.get(RecallIndex);
});

afterAll(async () => {
  await service.stop();
});

/** In one unit of work of the vault. */
function inVault<T>(vaultId: string, work: () => Promise<T>): Promise<T> {
  const tenancy = service.app.get(Tenancy);
  return TenantContext.run(makeScope({ vaultId, permissions: [] }), () => tenancy.transaction(work));
}

/** Everything the index holds of the vault, but its name. */
function stored(vaultId: string): Promise<unknown> {
  const dataSource = service.app.get(DataSource);
  // Revisions begin by chance.
  const nameless = ({ vaultId: _, ...rest }: ScopeRow | TermBlock) => ({ ...rest, revision: 0 });
  return inVault(vaultId, async () => ({
    scopes: (await dataSource.getRepository(ScopeRow).find({ order: { userId: 'ASC' } })).map(nameless),
    blocks: (
      await dataSource.getRepository(TermBlock).find({ order: { userId: 'ASC', blockNo: 'ASC' } })
    ).map(nameless),
  }));
}

const memory: fc.Arbitrary<Indexed> = fc.record({
  content: fc.oneof(
    { weight: 20, arbitrary: content },
    { weight: 1, arbitrary: fc.constantFrom(900, 2_100).map((n) => 'owl '.repeat(n)) },
  ),
  metadata: fc.constant('{}'),
  sessionId: session,
  createdAt: fc.nat(),
  expiresAt: fc.option(fc.nat()),
  reinforced: fc.boolean(),
});

describe('appending many memories', () => {
  it('leaves, byte for byte, what appending each of them leaves', async () => {
    const chunks = fc.array(fc.array(memory, { maxLength: 150 }), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(chunks, async (plan) => {
        const [many, single] = [`many-${(vaults += 1)}`, `single-${vaults}`];
        for (const memories of plan) {
          const { positions, blocks } = await inVault(many, () => index.appendAll('u', memories));
          const expected: number[] = [];
          for (const one of memories) expected.push(await inVault(single, () => index.append('u', one)));
          expect(positions).toEqual(expected);
          const covered = blocks.flatMap(({ firstPosition, slots }) =>
            Array.from({ length: slots }, (_, i) => firstPosition + i),
          );
          expect(covered).toEqual(expect.arrayContaining([...positions]));
        }
        expect(await stored(many)).toEqual(await stored(single));
      }),
      { seed, numRuns: 12 },
    );
  });

  it('and removing them all leaves counters of nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(memory, { minLength: 1, maxLength: 150 }), async (memories) => {
        const vault = `removed-${(vaults += 1)}`;
        await inVault(vault, () => index.appendAll('u', memories));
        const places = memories.map((_, position) => position).reverse();
        await inVault(vault, () => index.remove('u', places));
        const scope = { userId: 'u', nextPosition: memories.length, memoryCount: 0, termCount: 0 };
        expect(await stored(vault)).toMatchObject({ scopes: [scope] });
      }),
      { seed, numRuns: 8 },
    );
  });
});
