import type { INestApplicationContext } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import { In, type ObjectLiteral, type Repository } from 'typeorm';
import { Collection } from '../../collections/collection.entity.js';
import { MemoryCreator } from '../../memories/memory-creator.js';
import { Memory } from '../../memories/memory.entity.js';
import { Tenancy } from '../../tenancy/tenancy.js';
import type { TenantDataSource } from '../../tenancy/tenant-data-source.js';
import { UserMarks } from '../../users/user-marks.js';
import { User } from '../../users/user.entity.js';
import { Vault } from '../../vaults/vault.entity.js';
import { Waypoint } from '../../waypoints/waypoint.entity.js';
import { inVault } from '../import/import-run.js';
import { MigrationRefusedError } from '../migration-refused.error.js';
import { SEEDED_AT, sampleRows } from './sample-rows.js';

/** How many rows of each kind. */
export interface SeedCounts {
  readonly memories: number;
  readonly waypoints: number;
  readonly collections: number;
  readonly users: number;
}

/** Puts the sample data into a vault; what is there already stays as it is. All of it happens, or nothing. */
export async function seedVault(app: INestApplicationContext, vaultId: string): Promise<SeedCounts> {
  const dataSource = app.get<TenantDataSource>(getDataSourceToken());
  return inVault(vaultId, () =>
    app.get(Tenancy).transaction(async () => {
      await makeVault(dataSource.getRepository(Vault), vaultId);
      return addRows(app, dataSource, vaultId);
    }),
  );
}

async function makeVault(vaults: Repository<Vault>, vaultId: string): Promise<void> {
  const vault = await vaults.findOneBy({ vaultId });
  if (vault && vault.status !== 'active') {
    throw new MigrationRefusedError(`The vault ${vaultId} is ${vault.status}: nothing can be written to it.`);
  }
  if (vault) return;
  // It has the time by which it is known again.
  await vaults.insert({
    ...{ vaultId, name: vaultId, status: 'active', shareUnowned: false, erasedAt: null },
    ...{ createdAt: SEEDED_AT, updatedAt: SEEDED_AT },
  });
}

async function addRows(
  app: INestApplicationContext,
  dataSource: TenantDataSource,
  vaultId: string,
): Promise<SeedCounts> {
  const rows = sampleRows();
  const now = Date.now();
  const collections = await missing(dataSource.getRepository(Collection), rows.collections, ['name']);
  const users = await missing(dataSource.getRepository(User), rows.users, ['userId']);
  const memories = (await missing(dataSource.getRepository(Memory), rows.memories, ['id']))
    .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
    .map((memory): Memory => ({ vaultId, position: NaN, ...memory }));
  await dataSource.getRepository(Collection).insert([...collections]);
  // Before the memories, which would make them otherwise.
  await dataSource.getRepository(User).insert([...users]);
  await app.get(MemoryCreator).store(memories);
  await app.get(UserMarks).touched(memories.map(({ userId }) => userId));
  const waypoints = await joined(dataSource, rows.waypoints);
  await dataSource.getRepository(Waypoint).insert([...waypoints]);
  const counts = { memories, waypoints, collections, users };
  return Object.fromEntries(
    Object.entries(counts).map(([kind, some]) => [kind, some.length]),
  ) as unknown as SeedCounts;
}

/** Those rows of which there is none with the same key. */
async function missing<Entity extends ObjectLiteral, Row extends ObjectLiteral>(
  repository: Repository<Entity>,
  rows: readonly Row[],
  key: readonly (keyof Row & string)[],
): Promise<Row[]> {
  const left: Row[] = [];
  for (const row of rows) {
    const where = Object.fromEntries(key.map((name) => [name, row[name]]));
    if (!(await repository.existsBy(where as never))) left.push(row);
  }
  return left;
}

/** Missing waypoints whose ends are there and have the owner that they had. */
async function joined<Row extends { srcId: string; dstId: string; type: string; userId: string }>(
  dataSource: TenantDataSource,
  waypoints: readonly Row[],
): Promise<Row[]> {
  const ids = waypoints.flatMap(({ srcId, dstId }) => [srcId, dstId]);
  const found = await dataSource.getRepository(Memory).find({ where: { id: In(ids) } });
  const owners = new Map(found.map(({ id, userId }) => [id, userId]));
  const possible = waypoints.filter(({ srcId, dstId, userId }) =>
    [srcId, dstId].every((id) => owners.get(id) === userId),
  );
  return missing(dataSource.getRepository(Waypoint), possible, ['srcId', 'dstId', 'type']);
}
