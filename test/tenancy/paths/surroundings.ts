import {
  BaseEntity,
  EntityManager,
  type InsertQueryBuilder,
  QueryBuilder,
  Repository,
  Table,
  TableColumn,
} from 'typeorm';
import { Query } from 'typeorm/driver/Query.js';
import type { Pool } from 'pg';
import type { PostgresDriver } from 'typeorm/driver/postgres/PostgresDriver.js';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { Memory } from '../../../src/memories/memory.entity.js';
import type { Attempt, Path } from '../attempt.js';

/** A runner of its own, given back at the end. */
async function withRunner<T>(
  t: Attempt,
  work: (runner: ReturnType<Attempt['dataSource']['createQueryRunner']>) => Promise<T>,
): Promise<T> {
  const runner = t.dataSource.createQueryRunner();
  try {
    return await work(runner);
  } finally {
    await runner.release();
  }
}

const postgresOf = (t: Attempt) => t.dataSource.driver as PostgresDriver;
const driverOf = (t: Attempt) => t.dataSource.driver as BetterSqlite3Driver;

/** Transactions, query runners, other managers and repositories, and the data source's own commands. */
export const surroundings: readonly Path[] = [
  {
    name: 'transaction of the data source',
    run: (t) => t.dataSource.transaction((manager) => manager.find(Memory)),
    expect: 'scoped',
  },
  {
    name: 'transaction with an isolation level',
    run: (t) => t.dataSource.transaction('SERIALIZABLE', (manager) => manager.find(Memory)),
    expect: 'scoped',
  },
  {
    name: 'transaction of a manager',
    run: (t) =>
      t.manager.transaction(async (manager) => {
        await manager.getRepository(Memory).insert(t.newMemory());
        return manager.count(Memory);
      }),
    expect: 'scoped',
  },
  {
    name: 'transaction in a transaction',
    run: (t) => t.manager.transaction((outer) => outer.transaction((inner) => inner.find(Memory))),
    expect: 'scoped',
  },
  {
    name: "transaction that saves another's row",
    run: (t) =>
      t.manager.transaction((manager) =>
        manager.save(
          t.newMemory({ vaultId: t.foreign.vaultId, id: t.foreign.memoryId, userId: t.foreign.userId }),
        ),
      ),
    expect: 'refused',
  },
  {
    name: 'a runner’s manager',
    run: (t) => withRunner(t, (runner) => runner.manager.find(Memory)),
    expect: 'scoped',
  },
  {
    name: 'a runner’s transaction',
    run: (t) =>
      withRunner(t, async (runner) => {
        await runner.startTransaction();
        await runner.manager.update(Memory, { id: t.own.memoryId }, { salience: 0 });
        await runner.commitTransaction();
        return runner.manager.find(Memory);
      }),
    expect: 'scoped',
  },
  {
    name: 'a builder with a runner',
    run: (t) => withRunner(t, (runner) => t.dataSource.createQueryBuilder(Memory, 'm', runner).getMany()),
    expect: 'scoped',
  },
  {
    name: 'a builder of a runner',
    run: (t) =>
      withRunner(t, (runner) =>
        t.dataSource.createQueryBuilder(runner).select('m').from(Memory, 'm').getMany(),
      ),
    expect: 'scoped',
  },
  {
    name: 'driver.createQueryRunner',
    run: (t) => t.dataSource.driver.createQueryRunner('slave').manager.find(Memory),
    expect: 'scoped',
  },
  {
    name: 'createEntityManager',
    run: (t) => t.dataSource.createEntityManager().find(Memory),
    expect: 'scoped',
  },
  {
    name: 'TypeORM’s own manager',
    run: (t) => new EntityManager(t.dataSource).find(Memory),
    expect: 'scoped',
  },
  {
    name: 'TypeORM’s own manager, transaction',
    run: (t) => new EntityManager(t.dataSource).transaction((manager) => manager.find(Memory)),
    expect: 'scoped',
  },
  {
    name: 'TypeORM’s own manager, save',
    run: (t) => new EntityManager(t.dataSource).save(t.newMemory({ vaultId: 'B', userId: 'u2' })),
    expect: 'refused',
  },
  {
    name: 'TypeORM’s own repository',
    run: (t) => new Repository(Memory, new EntityManager(t.dataSource)).find(),
    expect: 'scoped',
  },
  {
    name: 'TypeORM’s own insert builder',
    run: (t) =>
      (QueryBuilder.prototype.insert.call(t.query()) as InsertQueryBuilder<Memory>)
        .into(Memory)
        .values(t.newMemory({ vaultId: 'B' }))
        .execute(),
    expect: 'refused',
  },
  {
    name: 'repository.extend',
    run: (t) =>
      t.memories
        .extend({
          everything(this: Repository<Memory>) {
            return this.createQueryBuilder('m').where('1=1').getMany();
          },
        })
        .everything(),
    expect: 'scoped',
  },
  { name: 'withRepository', run: (t) => t.manager.withRepository(t.memories).find(), expect: 'scoped' },
  { name: 'tree repository', run: (t) => t.manager.getTreeRepository(Memory).findRoots(), expect: 'refused' },
  { name: 'tree repository, find', run: (t) => t.manager.getTreeRepository(Memory).find(), expect: 'scoped' },
  {
    name: 'active record, find',
    run: (t) => BaseEntity.find.call({ getRepository: () => t.memories } as never),
    expect: 'scoped',
  },
  {
    name: 'active record, delete',
    run: (t) =>
      BaseEntity.delete.call(
        { getRepository: () => t.memories } as never,
        { id: t.foreign.memoryId } as never,
      ),
    expect: 'nothing',
  },
  { name: 'runner.connect', run: (t) => withRunner(t, (runner) => runner.connect()), expect: 'refused' },
  {
    name: 'runner.stream',
    run: (t) => withRunner(t, (runner) => runner.stream('SELECT * FROM facts')),
    expect: 'refused',
  },
  {
    name: 'runner.clearTable',
    run: (t) => withRunner(t, (runner) => runner.clearTable('memories')),
    expect: 'refused',
  },
  {
    name: 'runner.dropTable',
    run: (t) => withRunner(t, (runner) => runner.dropTable('facts')),
    expect: 'refused',
  },
  {
    name: 'runner.clearDatabase',
    run: (t) => withRunner(t, (runner) => runner.clearDatabase()),
    expect: 'refused',
  },
  {
    name: 'runner.getTable',
    run: (t) => withRunner(t, (runner) => runner.getTable('memories')),
    expect: 'refused',
  },
  { name: 'runner.getTables', run: (t) => withRunner(t, (runner) => runner.getTables()), expect: 'refused' },
  { name: 'runner.getViews', run: (t) => withRunner(t, (runner) => runner.getViews()), expect: 'refused' },
  {
    name: 'runner.hasTable',
    run: (t) => withRunner(t, (runner) => runner.hasTable('memories')),
    expect: 'refused',
  },
  {
    name: 'runner.hasColumn',
    run: (t) => withRunner(t, (runner) => runner.hasColumn('memories', 'content')),
    expect: 'refused',
  },
  {
    name: 'runner.createTable',
    run: (t) =>
      withRunner(t, (runner) =>
        runner.createTable(new Table({ name: 'x', columns: [{ name: 'a', type: 'text' }] })),
      ),
    expect: 'refused',
  },
  {
    name: 'runner.addColumn',
    run: (t) =>
      withRunner(t, (runner) =>
        runner.addColumn('memories', new TableColumn({ name: 'x', type: 'text', isNullable: true })),
      ),
    expect: 'refused',
  },
  {
    name: 'runner.beforeMigration',
    run: (t) => withRunner(t, async (runner) => runner.beforeMigration()),
    expect: 'refused',
    // There is nothing to do before one.
    expectOnPostgres: 'nothing',
    unsettling: true,
  },
  {
    name: 'runner.executeMemoryUpSql',
    run: (t) =>
      withRunner(t, async (runner) => {
        runner.enableSqlMemory();
        runner.getMemorySql().upQueries.push(new Query('DELETE FROM memories'));
        await runner.executeMemoryUpSql();
      }),
    expect: 'refused',
  },
  { name: 'synchronize', run: (t) => t.dataSource.synchronize(true), expect: 'refused' },
  { name: 'dropDatabase', run: (t) => t.dataSource.dropDatabase(), expect: 'refused' },
  { name: 'runMigrations', run: (t) => t.dataSource.runMigrations(), expect: 'refused' },
  { name: 'undoLastMigration', run: (t) => t.dataSource.undoLastMigration(), expect: 'refused' },
  { name: 'showMigrations', run: (t) => t.dataSource.showMigrations(), expect: 'refused' },
  {
    name: 'the schema builder',
    run: (t) => t.dataSource.driver.createSchemaBuilder().log(),
    expect: 'refused',
  },
  {
    name: 'the bare pool',
    run: (t) => (postgresOf(t).master as Pool).query('SELECT * FROM facts').then(({ rows }) => rows),
    expect: 'refused',
  },
  {
    name: 'a connection of the pool',
    run: async (t) => {
      const [client, release] = (await postgresOf(t).obtainSlaveConnection()) as [Pool, () => void];
      try {
        return (await client.query('SELECT * FROM facts')).rows;
      } finally {
        release();
      }
    },
    expect: 'refused',
  },
  {
    name: 'the bare connection',
    run: (t) =>
      (driverOf(t).databaseConnection as { prepare(sql: string): { all(): unknown } })
        .prepare('SELECT * FROM facts')
        .all(),
    expect: 'refused',
  },
  {
    name: 'a second bare connection',
    run: async (t) => {
      await driverOf(t).connect();
      return (driverOf(t).databaseConnection as { prepare(sql: string): { all(): unknown } })
        .prepare('SELECT * FROM facts')
        .all();
    },
    expect: 'refused',
  },
];
