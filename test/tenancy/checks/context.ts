import { EventEmitter } from 'node:events';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { Fact } from '../../../src/facts/fact.entity.js';
import { makeScope } from '../../../src/tenancy/scope.js';
import { NoTenantContextError, TenantContext } from '../../../src/tenancy/tenant-context.js';
import { statementsDuring } from '../../harness/statement-spy.js';
import { type Check, type House, inVault, newFact } from './check.js';

/** Everything that reaches for data, done where nobody said for whom. */
const ATTEMPTS: Record<string, (house: House) => unknown> = {
  find: ({ facts }) => facts.find(),
  findOneBy: ({ facts }) => facts.findOneBy({ id: 'x' }),
  count: ({ facts }) => facts.count(),
  exists: ({ facts }) => facts.exists(),
  sum: ({ facts }) => facts.sum('confidence'),
  save: ({ facts }) => facts.save(facts.create({ ...newFact('x'), vaultId: 'A' })),
  insert: ({ facts }) => facts.insert({ ...newFact('x'), vaultId: 'A' }),
  upsert: ({ facts }) => facts.upsert({ ...newFact('x'), vaultId: 'A' }, ['vaultId', 'id']),
  update: ({ facts }) => facts.update({ id: 'x' }, { object: 'y' }),
  delete: ({ facts }) => facts.delete({ id: 'x' }),
  remove: ({ facts }) => facts.remove(facts.create({ ...newFact('x'), vaultId: 'A' })),
  clear: ({ facts }) => facts.clear(),
  'query builder': ({ facts }) => facts.createQueryBuilder('f').getMany(),
  'query builder without entity': ({ dataSource }) =>
    dataSource.createQueryBuilder().select('1').from('facts', 'f').getRawMany(),
  'manager.find': ({ dataSource }) => dataSource.manager.find(Fact),
  query: ({ dataSource }) => dataSource.query('SELECT 1'),
  sql: ({ dataSource }) => dataSource.sql`SELECT 1`,
  createQueryRunner: ({ dataSource }) => dataSource.createQueryRunner(),
  'driver.createQueryRunner': ({ dataSource }) => dataSource.driver.createQueryRunner('master'),
  transaction: ({ dataSource }) => dataSource.transaction(() => Promise.resolve()),
  'manager.transaction': ({ dataSource }) => dataSource.manager.transaction(() => Promise.resolve()),
  'a unit of work': ({ tenancy }) => tenancy.transaction(() => Promise.resolve()),
  'a snapshot': ({ tenancy }) => tenancy.snapshot(() => Promise.resolve()),
  synchronize: ({ dataSource }) => dataSource.synchronize(),
  dropDatabase: ({ dataSource }) => dataSource.dropDatabase(),
};

async function refusedEverywhere(house: House): Promise<void> {
  const statements = await statementsDuring(async () => {
    for (const [name, attempt] of Object.entries(ATTEMPTS)) {
      const outcome = await Promise.resolve()
        .then(() => attempt(house))
        .then(
          () => 'went through',
          (error: Error) => error.name,
        );
      expect(`${name}: ${outcome}`).toBe(`${name}: NoTenantContextError`);
    }
  });
  expect(statements).toEqual([]);
}

/** Ways by which code goes on later; each must find the scope that it was started in. */
const LATER: Record<string, (read: () => string) => Promise<string>> = {
  await: async (read) => (await null, read()),
  setTimeout: (read) => new Promise((resolve) => setTimeout(() => resolve(read()), 1)),
  setImmediate: (read) => new Promise((resolve) => setImmediate(() => resolve(read()))),
  nextTick: (read) => new Promise((resolve) => process.nextTick(() => resolve(read()))),
  queueMicrotask: (read) => new Promise((resolve) => queueMicrotask(() => resolve(read()))),
  'timers/promises': async (read) => (await sleep(1), read()),
  'a stream': async (read) => {
    for await (const _ of Readable.from(['a', 'b'])) await null;
    return read();
  },
  'an event': (read) =>
    new Promise((resolve) => {
      const emitter = new EventEmitter();
      emitter.once('go', () => resolve(read()));
      setImmediate(() => emitter.emit('go'));
    }),
  'a generator': async (read) => {
    async function* twice() {
      yield await Promise.resolve(read());
      yield await Promise.resolve(read());
    }
    const seen = new Set<string>();
    for await (const one of twice()) seen.add(one);
    return [...seen].join();
  },
};

export const contextChecks: readonly Check[] = [
  { name: 'without a context everything throws, before any SQL', run: refusedEverywhere },
  {
    name: 'in a request everything throws until the guard has entered a scope',
    run: (house) =>
      new Promise<void>((resolve, reject) => {
        TenantContext.runRequest({ requestId: 'r-1' }, () => {
          expect(TenantContext.requestId()).toBe('r-1');
          expect(TenantContext.hasScope()).toBe(false);
          refusedEverywhere(house).then(resolve, reject);
        });
      }),
  },
  {
    name: 'a runner that is kept works for whoever uses it, and for nobody outside a context',
    run: async (house) => {
      await inVault('A', () => house.add('a'));
      await inVault('B', () => house.add('b'));
      const runner = inVault('A', () => house.dataSource.createQueryRunner());
      expect(await inVault('B', () => runner.manager.count(Fact))).toBe(1);
      expect(await inVault('B', () => runner.manager.findBy(Fact, { id: 'a' }))).toEqual([]);
      await expect(runner.manager.find(Fact)).rejects.toThrow(NoTenantContextError);
    },
  },
  {
    name: 'a builder that is kept is bound to whoever runs it',
    run: async (house) => {
      await inVault('A', () => house.add('a'));
      await inVault('B', () => house.add('b'));
      const builder = inVault('A', () => house.facts.createQueryBuilder('f').select('f.id', 'id'));
      expect(await inVault('B', () => builder.getRawMany())).toEqual([{ id: 'b' }]);
      await expect(builder.getRawMany()).rejects.toThrow(NoTenantContextError);
    },
  },
  {
    name: 'a statement built for a service is refused to a user',
    run: async (house) => {
      const [sql, values] = inVault('A', () => house.facts.createQueryBuilder('f').getQueryAndParameters());
      await expect(inVault('A', () => house.dataSource.query(sql, values), { userId: 'u1' })).rejects.toThrow(
        'without its user condition',
      );
    },
  },
  {
    name: 'the scope of a request is entered once, and only inside a request',
    run: async () => {
      const scope = makeScope({ vaultId: 'A', permissions: [] });
      expect(() => TenantContext.enter(scope)).toThrow(NoTenantContextError);
      TenantContext.runRequest({ requestId: 'r' }, () => {
        TenantContext.enter(scope);
        expect(TenantContext.scope()).toBe(scope);
        expect(() => TenantContext.enter(makeScope({ vaultId: 'B', permissions: [] }))).toThrow('once');
      });
      expect(TenantContext.hasScope()).toBe(false);
    },
  },
  {
    name: 'a scope in a scope ends with it',
    run: async () => {
      await inVault('A', async () => {
        expect(await inVault('B', async () => (await null, TenantContext.scope().vaultId))).toBe('B');
        expect(TenantContext.scope().vaultId).toBe('A');
      });
      expect(TenantContext.hasScope()).toBe(false);
    },
  },
  {
    name: 'asVault drops the user, and keeps the vault and the unit of work',
    run: async (house) => {
      await inVault(
        'A',
        () =>
          house.tenancy.transaction(async () => {
            const unit = TenantContext.unit();
            TenantContext.asVault(() => {
              expect(TenantContext.scope()).toMatchObject({ vaultId: 'A', includeExpired: true });
              expect(TenantContext.scope().userId).toBeUndefined();
              expect(TenantContext.unit()).toBe(unit);
            });
            expect(TenantContext.scope().userId).toBe('u1');
          }),
        { userId: 'u1' },
      );
      expect(() => TenantContext.asVault(() => 1)).toThrow(NoTenantContextError);
    },
  },
  {
    name: 'every way to go on later finds the scope it was started in, 200 at a time',
    run: async () => {
      for (const [name, later] of Object.entries(LATER)) {
        const seen = await Promise.all(
          Array.from({ length: 200 }, (_, i) =>
            inVault(`v${i}`, () => later(() => TenantContext.scope().vaultId)),
          ),
        );
        expect([name, seen]).toEqual([name, seen.map((_, i) => `v${i}`)]);
      }
    },
  },
  {
    name: 'no scope is made of an id that is none',
    run: async () => {
      const long = 'x'.repeat(129);
      for (const vaultId of [
        '',
        ' ',
        '-a',
        'a b',
        'a/b',
        'ä',
        long,
        'a\0',
        'a\n',
        undefined,
        null,
        ['a'],
        {},
      ]) {
        expect(() => makeScope({ vaultId: vaultId as string, permissions: [] })).toThrow('not a vault id');
      }
      for (const userId of ['', 'x'.repeat(257), 'a\0', '\ud800', null, 7, ['u']]) {
        expect(() => makeScope({ vaultId: 'a', userId: userId as string, permissions: [] })).toThrow(
          'not a user id',
        );
      }
      expect(Object.isFrozen(makeScope({ vaultId: 'a', permissions: [] }))).toBe(true);
    },
  },
];
