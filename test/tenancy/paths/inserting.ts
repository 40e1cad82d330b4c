import type { ObjectLiteral } from 'typeorm';
import { Fact } from '../../../src/facts/fact.entity.js';
import { Memory } from '../../../src/memories/memory.entity.js';
import type { Path } from '../attempt.js';

/** Inserting and upserting, and the references of what is inserted. */
export const inserting: readonly Path[] = [
  { name: 'insert', run: (t) => t.memories.insert(t.newMemory()), expect: 'scoped' },
  {
    name: 'insert without naming the owner',
    run: (t) => t.memories.insert({ ...t.newMemory(), userId: undefined }),
    expect: ['refused', 'scoped'],
  },
  {
    name: 'insert into another vault',
    run: (t) => t.memories.insert(t.newMemory({ vaultId: 'B' })),
    expect: 'refused',
  },
  {
    name: 'insert for another user',
    run: (t) => t.memories.insert(t.newMemory({ userId: 'u2' })),
    expect: ['scoped', 'refused'],
  },
  {
    name: 'insert for nobody',
    run: (t) => t.memories.insert(t.newMemory({ userId: '' })),
    expect: ['scoped', 'refused'],
  },
  {
    name: 'insert many',
    run: (t) => t.memories.insert([t.newMemory(), t.newMemory({ id: 'm-newer', position: 502 })]),
    expect: 'scoped',
  },
  {
    name: "insert many, one another's",
    run: (t) =>
      t.memories.insert([t.newMemory(), t.newMemory({ id: 'm-newer', vaultId: 'B', userId: 'u2' })]),
    expect: 'refused',
  },
  {
    name: 'insert with the vault as SQL',
    run: (t) => t.memories.insert({ ...t.newMemory(), vaultId: () => `'B'` }),
    expect: 'refused',
  },
  {
    name: 'insert some columns',
    run: (t) =>
      t.dataSource
        .createQueryBuilder()
        .insert()
        .into(
          Memory,
          Object.keys(t.newMemory()).filter((name) => t.byHand || name !== 'vaultId'),
        )
        .values({ ...t.newMemory() })
        .execute(),
    expect: 'scoped',
  },
  {
    name: 'insert by table name',
    run: (t) =>
      t.dataSource
        .createQueryBuilder()
        .insert()
        .into('MEMORIES', ['vault_id', 'id'])
        .values({ vault_id: 'B', id: 'x' } as ObjectLiteral)
        .execute(),
    expect: 'refused',
  },
  {
    name: 'insert what is there, ignored',
    run: (t) =>
      t
        .query()
        .insert()
        .values(t.newMemory({ id: t.foreign.memoryId, position: 600 }))
        .orIgnore()
        .execute()
        .then(() => undefined),
    expect: ['scoped', 'nothing'],
  },
  {
    name: 'insert from a selection, into another vault',
    run: (t) =>
      t.facts
        .createQueryBuilder()
        .insert()
        .into(Fact, Object.keys(t.newFact()))
        .valuesFromSelect((qb) =>
          qb
            .select(`'B', 'f-copied', 'u2', NULL, 's', 'p', 'o', 1, NULL, 1, '{}', 1`)
            .from(Fact, 'f')
            .where('f.id = :id', { id: t.own.factId })
            .limit(1),
        )
        .execute(),
    expect: 'refused',
  },
  {
    name: 'insert from a selection',
    run: (t) =>
      t
        .query()
        .insert()
        .into(Memory)
        .valuesFromSelect((qb) => qb.select('*').from(Memory, 'm'))
        .execute(),
    expect: 'refused',
  },
  {
    name: "insert a reference to another's row",
    run: (t) => t.versions.insert(t.newVersion({ memoryId: t.foreign.memoryId })),
    expect: 'refused',
  },
  {
    name: "insert a second reference to another's row",
    run: (t) => t.waypoints.insert(t.newWaypoint({ dstId: t.foreign.memoryId })),
    expect: 'refused',
  },
  {
    name: 'insert a reference to an own row',
    run: (t) => t.waypoints.insert(t.newWaypoint()),
    expect: 'scoped',
  },
  {
    name: "save a reference to another's row",
    run: (t) => t.edges.save({ id: 'e-u1', sourceId: t.foreign.factId }),
    expect: 'refused',
  },
  {
    name: "change a reference to another's row",
    run: (t) => t.edges.update({ id: 'e-u1' }, { targetId: t.foreign.factId }),
    expect: 'refused',
  },
  {
    name: 'change a reference by SQL',
    run: (t) => t.edges.update({ id: 'e-u1' }, { targetId: () => `'${t.foreign.factId}'` }),
    expect: 'refused',
  },
  {
    name: 'change a reference to an own row',
    run: (t) => t.edges.update({ id: 'e-u1' }, { targetId: 'f-u1-1' }),
    expect: 'scoped',
  },
  {
    name: 'insert for services only',
    run: (t) =>
      t.audit.insert({
        id: 'a-new',
        userId: '',
        at: 1,
        action: 'x',
        target: 'x',
        requestId: 'x',
        details: '{}',
      }),
    expect: ['scoped', 'refused'],
  },
  { name: 'upsert a new row', run: (t) => t.facts.upsert(t.newFact(), ['vaultId', 'id']), expect: 'scoped' },
  {
    name: 'upsert an own row',
    run: (t) => t.facts.upsert(t.newFact({ id: t.own.factId }), ['vaultId', 'id']),
    expect: 'scoped',
  },
  {
    name: "upsert another's id",
    run: (t) => t.facts.upsert(t.newFact({ id: t.foreign.factId }), ['vaultId', 'id']),
    expect: ['scoped', 'nothing'],
    tellsTakenIds: true,
  },
  {
    name: "upsert another's row",
    run: (t) =>
      t.facts.upsert(
        t.newFact({ id: t.foreign.factId, vaultId: t.foreign.vaultId, userId: t.foreign.userId }),
        ['vaultId', 'id'],
      ),
    expect: 'refused',
  },
  {
    name: 'upsert an expired row',
    run: (t) =>
      t.memories.upsert(t.newMemory({ id: 'm-u1-expired' }), ['vaultId', 'id']).then(() => undefined),
    expect: 'nothing',
    tellsTakenIds: true,
  },
  {
    name: 'upsert on the id alone',
    run: (t) => t.facts.upsert(t.newFact({ id: t.foreign.factId }), ['id']),
    expect: 'refused',
  },
  {
    name: 'upsert, unchanged skipped',
    run: (t) =>
      t.facts.upsert(t.newFact({ id: t.own.factId }), {
        conflictPaths: ['vaultId', 'id'],
        skipUpdateIfNoValuesChanged: true,
      }),
    expect: 'scoped',
  },
  {
    name: 'upsert with a predicate',
    run: (t) =>
      t.facts.upsert(t.newFact({ id: t.foreign.factId }), {
        conflictPaths: ['vaultId', 'id'],
        indexPredicate: '1=1) DO UPDATE SET object = (1',
      }),
    expect: 'refused',
  },
  {
    name: 'orUpdate',
    run: (t) =>
      t.facts
        .createQueryBuilder()
        .insert()
        .values(t.newFact({ id: t.own.factId }))
        .orUpdate(['object'], ['vault_id', 'id'])
        .execute(),
    expect: 'scoped',
  },
  {
    name: 'orUpdate of another’s id',
    run: (t) =>
      t.facts
        .createQueryBuilder()
        .insert()
        .values(t.newFact({ id: t.foreign.factId }))
        .orUpdate(['object', 'user_id'], ['vault_id', 'id'])
        .execute(),
    expect: ['scoped', 'nothing'],
    tellsTakenIds: true,
  },
  {
    name: 'orUpdate on a constraint by name',
    run: (t) =>
      t.facts.createQueryBuilder().insert().values(t.newFact()).orUpdate(['object'], 'pk_vault_id').execute(),
    expect: 'refused',
  },
  {
    name: 'orUpdate without a target',
    run: (t) => t.facts.createQueryBuilder().insert().values(t.newFact()).orUpdate(['object']).execute(),
    expect: 'refused',
  },
];
