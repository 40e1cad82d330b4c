import { Fact } from '../../../src/facts/fact.entity.js';
import { Memory } from '../../../src/memories/memory.entity.js';
import { MemoryVersion } from '../../../src/memories/memory-version.entity.js';
import type { Attempt, Path } from '../attempt.js';

/** The names of the parameters that the tenancy layer binds; anyone can read them off a builder. */
function scopeParameters(t: Attempt): { vault: string; user: string; now: string } {
  if (t.byHand) return { vault: 'v', user: 'u', now: 'n' };
  const names = Object.keys(t.facts.createQueryBuilder('f').getParameters());
  const named = (kind: string) => names.find((name) => name.startsWith(`tenant_${kind}`)) ?? 'none';
  return { vault: named('vault'), user: named('user'), now: named('now') };
}

/** A query of memories that has these parameters. */
function queryWithScope(t: Attempt) {
  return t.query().setParameters(t.byHand ? { v: t.own.vaultId, u: t.own.userId, n: Date.now() } : {});
}

const ALL_FACTS = '(SELECT string_agg(object, object ORDER BY object) FROM facts)';
const ALL_MEMORIES = '(SELECT string_agg(content, content ORDER BY content) FROM memories)';

/** Values that are not what they seem, and SQL smuggled into writes. */
export const smuggling: readonly Path[] = [
  {
    name: 'the name of a scope parameter taken',
    run: (t) =>
      t
        .query()
        .setParameter(scopeParameters(t).vault, 'B')
        .setParameter(scopeParameters(t).user, 'u2')
        .setParameter(scopeParameters(t).now, 0)
        .getMany(),
    expect: 'scoped',
  },
  {
    name: 'the scope parameters borrowed for a condition with OR',
    run: (t) => {
      const { vault, user, now } = scopeParameters(t);
      const all = `SELECT string_agg(x.content, x.content ORDER BY x.content) FROM memories x WHERE x."vault_id" = :${vault} OR x."user_id" = :${user} OR x."expires_at" > :${now} OR 1=1`;
      return queryWithScope(t).select(`(${all})`, 'x').getRawMany();
    },
    expect: 'refused',
  },
  {
    name: 'the scope parameters borrowed for another place',
    run: (t) => {
      const { vault } = scopeParameters(t);
      const all = `SELECT string_agg(f.object, f.object ORDER BY f.object) FROM facts f WHERE NOT (f."vault_id" = :${vault} AND 1=0)`;
      return queryWithScope(t).select(`(${all})`, 'x').getRawMany();
    },
    expect: 'refused',
  },
  {
    name: 'the scope parameters borrowed as they should be',
    run: (t) => {
      const { vault, user } = scopeParameters(t);
      const own = t.own.userId;
      const all = `SELECT string_agg(f.object, f.object ORDER BY f.object) FROM facts f WHERE f."vault_id" = :${vault} AND f."user_id" = :${user} AND '${own}' <> ''`;
      return queryWithScope(t).select(`(${all})`, 'x').getRawMany();
    },
    expect: ['refused', 'scoped'],
  },
  {
    // The driver would spread the lists, and the vault of the join would be the list's.
    name: 'a list where a value is expected',
    run: (t) =>
      t
        .query()
        .select(['m.id AS id', 'f.object AS object'])
        .innerJoin(Fact, 'f', 'f.confidence > :n', { n: [0, 'B'] })
        .where('m.content <> :a', { a: [] })
        .getRawMany(),
    expect: 'refused',
  },
  {
    name: 'a longer list where a value is expected',
    run: (t) =>
      t
        .query()
        .select(['m.id AS id', 'f.object AS object'])
        .innerJoin(Fact, 'f', 'f.confidence > :n', { n: [0, 'A', 'u2'] })
        .where('m.content <> :a AND m.content <> :b', { a: [], b: [] })
        .getRawMany(),
    expect: 'refused',
  },
  {
    name: 'an object where a value is expected',
    run: (t) =>
      t
        .query()
        .where('m.id = :id', { id: { vaultId: 'B' } })
        .getMany(),
    expect: 'refused',
  },
  {
    name: 'an object where an id is expected',
    run: (t) => t.memories.findOneBy({ id: { $ne: '' } as unknown as string }),
    expect: 'refused',
  },
  {
    name: 'an inherited property in a condition',
    run: (t) => t.memories.findBy(JSON.parse('{"__proto__":{"id":"m-u2-1"}}') as object),
    expect: 'refused',
  },
  {
    name: 'set by a subselect of the same table',
    run: (t) =>
      t
        .query()
        .update()
        .set({ content: () => ALL_MEMORIES })
        .execute()
        .then(() => t.memories.find()),
    expect: 'refused',
  },
  {
    name: 'set by a subselect of another table',
    run: (t) =>
      t
        .query()
        .update()
        .set({ content: () => ALL_FACTS })
        .execute()
        .then(() => t.memories.find()),
    expect: 'refused',
  },
  {
    name: 'set by a subquery of a builder',
    run: (t) => {
      const inner = t.facts
        .createQueryBuilder('f')
        .select('string_agg(f.object, f.object ORDER BY f.object)');
      return t
        .query()
        .update()
        .set({ content: () => `(${inner.getQuery()})` })
        .setParameters(inner.getParameters())
        .execute();
    },
    expect: 'scoped',
  },
  {
    name: 'set that sets the vault too',
    run: (t) => t.facts.update({ id: t.own.factId }, { object: () => `'x', "vault_id" = 'B'` }),
    expect: 'refused',
  },
  {
    name: 'set that sets the vault in a row value',
    run: (t) =>
      t.facts.update({ id: t.own.factId }, { object: () => `'x', (vault_id, predicate) = ('B', 'y')` }),
    expect: 'refused',
  },
  {
    name: 'set that sets the user too',
    run: (t) => t.facts.update({ id: t.own.factId }, { object: () => `'x', user_id = 'u2'` }),
    expect: ['scoped', 'refused'],
  },
  {
    name: 'set with its own WHERE',
    run: (t) =>
      t
        .query()
        .update()
        .set({ content: () => `'x' WHERE 1=1 --` })
        .execute(),
    expect: 'refused',
  },
  {
    name: 'set with a FROM',
    run: (t) =>
      t
        .query()
        .update()
        .set({ content: () => 'x.object FROM facts x' })
        .execute(),
    expect: 'refused',
  },
  {
    name: 'delete where a subselect of another table',
    run: (t) => t.query().delete().where(`EXISTS (SELECT 1 FROM facts WHERE id = 'f-u1-3')`).execute(),
    expect: 'refused',
  },
  {
    name: 'delete out of its brackets',
    run: (t) => t.memories.createQueryBuilder().delete().where('1=1) OR (1=1').execute(),
    expect: 'refused',
  },
  {
    name: 'delete with --',
    run: (t) => t.memories.createQueryBuilder().delete().where('1=1 --').execute(),
    expect: 'refused',
  },
  {
    name: 'update out of its brackets',
    run: (t) => t.memories.createQueryBuilder().update().set({ salience: 0 }).where('1=1) OR (1=1').execute(),
    expect: 'refused',
  },
  {
    name: 'insert of a subselect',
    run: (t) => t.facts.insert({ ...t.newFact(), object: () => ALL_MEMORIES }).then(() => t.facts.find()),
    expect: 'refused',
  },
  {
    name: 'insert with more rows in a value',
    run: (t) =>
      t.facts.insert({
        ...t.newFact(),
        lastUpdated: () => `1), ('B', 'f-smuggled', 'u2', NULL, 's', 'p', 'o', 1, NULL, 1, '{}', 1`,
      }),
    expect: 'refused',
  },
  {
    name: 'insert with ON CONFLICT in a value',
    run: (t) =>
      t.facts.insert({
        ...t.newFact({ id: 'f-u2-1' }),
        lastUpdated: () => `1) ON CONFLICT (vault_id, id) DO UPDATE SET object = ('x'`,
      }),
    expect: 'refused',
  },
  {
    name: 'increment by SQL',
    run: (t) => t.memories.increment({ id: t.own.memoryId }, 'version', '1 OR 1=1' as unknown as number),
    expect: 'refused',
  },
  { name: 'row numbers', run: (t) => t.query().select('m.rowid', 'r').getRawMany(), expect: 'refused' },
  {
    name: 'row numbers in quotes',
    run: (t) => t.query().select('"m"."_rowid_"', 'r').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'the counter of all changes',
    run: (t) => t.query().select('total_changes() + last_insert_rowid()', 'r').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'the schema joined',
    run: (t) => t.query().innerJoin('sqlite_master', 's', '1=1').select('s.sql', 'sql').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'the sizes of tables joined',
    run: (t) => t.query().innerJoin('dbstat', 's', '1=1').select('s.ncell', 'n').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'count of a table in a join',
    run: (t) =>
      t
        .query()
        .innerJoin(
          (qb) => qb.select('count(*)', 'n').from(MemoryVersion, 'v').where('1=1 OR 1=1'),
          's',
          '1=1',
        )
        .select('s.n', 'n')
        .getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'a parameter named as a column',
    run: (t) =>
      t.dataSource
        .createQueryBuilder(Fact, 'f')
        .where('f.vaultId = :vault_id OR 1=1', { vault_id: 'B' })
        .getMany(),
    expect: 'scoped',
  },
  {
    name: 'a parameter inside a string',
    run: (t) => t.query().where(`m.id <> ':id'`, { id: 'x' }).getMany(),
    expect: 'refused',
  },
  {
    name: 'a builder of two entities with one alias',
    run: (t) => t.dataSource.createQueryBuilder(Memory, 'm').addFrom(Fact, 'm').getRawMany(),
    expect: 'refused',
  },
];
