import { expect } from 'vitest';
import { Memory } from '../../../src/memories/memory.entity.js';
import { MemoryVersion } from '../../../src/memories/memory-version.entity.js';
import { Vault } from '../../../src/vaults/vault.entity.js';
import { type Check, type House, inVault } from './check.js';

/** Long gone, and not in any test's lifetime. */
const PAST = 1_000;
const FAR = 8_000_000_000_000;

function memory(id: string, position: number, expiresAt: number | null): Omit<Memory, 'vaultId'> {
  return {
    id,
    userId: 'u1',
    collection: null,
    sessionId: null,
    position,
    content: id,
    primarySector: 'semantic',
    sectors: '[]',
    tags: '[]',
    metadata: '{}',
    contentHash: id,
    salience: 0.5,
    decayLambda: 0.01,
    lastSeenAt: 1,
    version: 1,
    createdAt: 1,
    updatedAt: 1,
    expiresAt,
  };
}

async function store(house: House): Promise<void> {
  const vault = { name: 'A', status: 'active' as const, shareUnowned: false };
  await house.dataSource
    .getRepository(Vault)
    .insert({ ...vault, createdAt: 1, updatedAt: 1, erasedAt: null });
  await house.dataSource
    .getRepository(Memory)
    .insert([memory('gone', 0, PAST), memory('goes', 1, FAR), memory('stays', 2, null)]);
}

const rows = (house: House) =>
  house.committed
    .all<Memory>('SELECT id, salience FROM memories ORDER BY position')
    .map(({ id, salience }) => [id, salience]);

/** Rows whose time has come. */
export const expiryChecks: readonly Check[] = [
  {
    name: 'an expired row does not exist, for users and for services',
    run: async (house) => {
      await inVault('A', () => store(house));
      const memories = house.dataSource.getRepository(Memory);
      for (const userId of [undefined, 'u1']) {
        await inVault(
          'A',
          async () => {
            expect((await memories.find({ order: { position: 'ASC' } })).map(({ id }) => id)).toEqual([
              'goes',
              'stays',
            ]);
            expect(await memories.findOneBy({ id: 'gone' })).toBeNull();
            expect(await memories.count()).toBe(2);
            expect(await memories.existsBy({ id: 'gone' })).toBe(false);
            expect(await memories.sum('salience')).toBe(1);
            expect((await memories.update({ id: 'gone' }, { salience: 0 })).affected).toBe(0);
            expect((await memories.increment({ id: 'gone' }, 'salience', 1)).affected).toBe(0);
            expect((await memories.delete({ id: 'gone' })).affected).toBe(0);
            await memories.upsert({ ...memory('gone', 9, null), salience: 0 }, ['vaultId', 'id']);
          },
          { userId },
        );
      }
      expect(rows(house)).toEqual([
        ['gone', 0.5],
        ['goes', 0.5],
        ['stays', 0.5],
      ]);
    },
  },
  {
    name: 'an expired row is not there for a join either',
    run: async (house) => {
      await inVault('A', async () => {
        await store(house);
        const { id: memoryId, ...fields } = memory('gone', 0, null);
        const versions = house.dataSource.getRepository(MemoryVersion);
        const { content, primarySector, sectors, tags, metadata, userId } = fields;
        const former = { content, primarySector, sectors, tags, metadata, userId, version: 1 };
        await versions.insert([
          { ...former, memoryId, updatedAt: 1, replacedAt: 1 },
          { ...former, memoryId: 'goes', updatedAt: 1, replacedAt: 1 },
        ]);
        const joined = versions
          .createQueryBuilder('v')
          .leftJoinAndSelect('v.memory', 'm')
          .orderBy('v.memoryId');
        expect((await joined.getMany()).map(({ memory: found }) => found?.id)).toEqual(['goes', undefined]);
      });
    },
  },
  {
    name: 'the sweep sees expired rows, and no other vault’s',
    run: async (house) => {
      const memories = house.dataSource.getRepository(Memory);
      await inVault('A', () => store(house));
      const sweep = { includeExpired: true };
      await inVault('B', async () => expect(await memories.count()).toBe(0), sweep);
      await inVault(
        'A',
        async () => {
          expect(await memories.count()).toBe(3);
          expect((await memories.delete({ id: 'gone' })).affected).toBe(1);
        },
        sweep,
      );
      expect(rows(house)).toHaveLength(2);
    },
  },
];
