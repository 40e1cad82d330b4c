import { MoreThan } from 'typeorm';
import { Memory } from '../../../src/memories/memory.entity.js';
import { MemoryVersion } from '../../../src/memories/memory-version.entity.js';
import type { Path } from '../attempt.js';

const key = (vaultId: string, id: string) => ({ vaultId, id });

/** Rows by way of other rows. */
export const relations: readonly Path[] = [
  {
    name: 'relations by join',
    run: (t) => t.memories.find({ relations: { versions: true, vectors: true }, order: { id: 'ASC' } }),
    expect: 'scoped',
  },
  {
    name: 'relations by query',
    run: (t) =>
      t.memories.find({
        relations: { versions: true, vectors: true },
        relationLoadStrategy: 'query',
        order: { id: 'ASC' },
      }),
    expect: 'scoped',
  },
  {
    name: 'nested relations by join',
    run: (t) => t.memories.find({ relations: { outgoing: { dst: { incoming: { src: true } } } } }),
    expect: 'scoped',
  },
  {
    name: 'nested relations by query',
    run: (t) =>
      t.memories.find({
        relations: { outgoing: { dst: { incoming: { src: true } } } },
        relationLoadStrategy: 'query',
      }),
    expect: 'scoped',
  },
  {
    name: 'many to one by join',
    run: (t) => t.versions.find({ relations: { memory: true } }),
    expect: 'scoped',
  },
  {
    name: 'many to one by query',
    run: (t) => t.versions.find({ relations: { memory: true }, relationLoadStrategy: 'query' }),
    expect: 'scoped',
  },
  {
    name: 'condition on a relation',
    run: (t) => t.memories.find({ where: { outgoing: { type: 'next' } }, order: { id: 'ASC' } }),
    expect: 'scoped',
  },
  {
    name: "condition on another's relation",
    run: (t) =>
      t.memories.find({ where: { outgoing: { srcId: t.foreign.parentId, vaultId: t.foreign.vaultId } } }),
    expect: 'nothing',
  },
  {
    name: 'condition on two levels',
    run: (t) => t.versions.find({ where: { memory: { outgoing: { dst: { version: MoreThan(0) } } } } }),
    expect: 'scoped',
  },
  {
    name: 'condition on a count of relations',
    run: (t) => t.memories.find({ where: { versions: MoreThan(0) as never } }),
    expect: 'refused',
    expectOnPostgres: 'scoped',
  },
  {
    name: 'order by a relation',
    run: (t) => t.versions.find({ order: { memory: { version: 'DESC' } } }),
    expect: 'scoped',
  },
  {
    name: 'a page with relations',
    run: (t) =>
      t.memories.find({
        relations: { versions: true, outgoing: true },
        order: { version: 'DESC' },
        skip: 0,
        take: 2,
      }),
    expect: 'scoped',
  },
  {
    name: 'a page and the count with relations',
    run: (t) =>
      t.memories.findAndCount({ relations: { versions: true }, order: { id: 'ASC' }, skip: 1, take: 1 }),
    expect: 'scoped',
  },
  {
    name: 'count with relations',
    run: (t) => t.memories.count({ relations: { versions: true, outgoing: true } }),
    expect: 'scoped',
  },
  {
    name: 'select through relations',
    run: (t) =>
      t.memories.find({ select: { id: true, versions: { content: true } }, relations: { versions: true } }),
    expect: 'scoped',
  },
  {
    name: 'relation ids',
    run: (t) => t.memories.find({ loadRelationIds: true, order: { id: 'ASC' } }),
    expect: 'scoped',
  },
  {
    name: 'relation ids as maps',
    run: (t) =>
      t.memories.find({ loadRelationIds: { relations: ['outgoing', 'versions'], disableMixedMap: true } }),
    expect: 'scoped',
  },
  {
    name: 'relation().loadMany',
    run: (t) =>
      t.manager.createQueryBuilder().relation(Memory, 'versions').of(key('A', t.own.memoryId)).loadMany(),
    expect: 'scoped',
  },
  {
    name: "relation().loadMany of another's",
    run: (t) =>
      t.manager
        .createQueryBuilder()
        .relation(Memory, 'versions')
        .of(key(t.foreign.vaultId, t.foreign.parentId))
        .loadMany(),
    expect: 'nothing',
  },
  {
    name: 'relation().loadMany of the same id in another vault',
    run: (t) =>
      t.manager.createQueryBuilder().relation(Memory, 'versions').of(key('B', t.own.memoryId)).loadMany(),
    expect: 'nothing',
  },
  {
    name: 'relation().loadOne',
    run: (t) =>
      t.manager
        .createQueryBuilder()
        .relation(MemoryVersion, 'memory')
        .of({ vaultId: 'A', memoryId: t.own.memoryId, version: 1 })
        .loadOne(),
    expect: 'scoped',
  },
  {
    name: 'relation().set',
    run: (t) =>
      t.manager
        .createQueryBuilder()
        .relation(MemoryVersion, 'memory')
        .of({ vaultId: 'A', memoryId: t.own.memoryId, version: 1 })
        .set(key('A', 'm-u1-2')),
    expect: 'scoped',
  },
  {
    name: "relation().set to another's row",
    run: (t) =>
      t.manager
        .createQueryBuilder()
        .relation(MemoryVersion, 'memory')
        .of({ vaultId: 'A', memoryId: t.own.memoryId, version: 1 })
        .set(key(t.foreign.vaultId, t.foreign.memoryId)),
    expect: 'refused',
  },
  {
    name: "relation().set of another's row",
    run: (t) =>
      t.manager
        .createQueryBuilder()
        .relation(MemoryVersion, 'memory')
        .of({ vaultId: t.foreign.vaultId, memoryId: t.foreign.parentId, version: 1 })
        .set(key('A', 'm-u1-2')),
    expect: 'nothing',
  },
  {
    name: "relation().add another's row",
    run: (t) =>
      t.manager
        .createQueryBuilder()
        .relation(Memory, 'versions')
        .of(key('A', 'm-u1-2'))
        .add({ vaultId: t.foreign.vaultId, memoryId: t.foreign.parentId, version: 1 }),
    expect: 'nothing',
  },
  {
    name: "relation().remove another's row",
    run: (t) =>
      t.manager
        .createQueryBuilder()
        .relation(Memory, 'versions')
        .of(key(t.foreign.vaultId, t.foreign.parentId))
        .remove({ vaultId: t.foreign.vaultId, memoryId: t.foreign.parentId, version: 1 }),
    expect: 'refused',
  },
  {
    name: 'relation().addAndRemove',
    run: (t) =>
      t.manager
        .createQueryBuilder()
        .relation(Memory, 'versions')
        .of(key('A', 'm-u1-2'))
        .addAndRemove([{ vaultId: 'A', memoryId: t.own.memoryId, version: 1 }], []),
    expect: 'scoped',
  },
  {
    name: 'RelationLoader',
    run: async (t) => {
      const relation = t.dataSource.getMetadata(Memory).findRelationWithPropertyPath('versions')!;
      return t.dataSource.relationLoader.load(relation, [
        Object.assign(new Memory(), key('A', t.own.memoryId)),
        Object.assign(new Memory(), key(t.foreign.vaultId, t.foreign.parentId)),
      ]);
    },
    expect: 'scoped',
  },
  {
    name: 'RelationIdLoader',
    run: async (t) => {
      const relation = t.dataSource.getMetadata(MemoryVersion).findRelationWithPropertyPath('memory')!;
      return t.dataSource.relationIdLoader.load(relation, [
        { vaultId: 'A', memoryId: t.own.memoryId, version: 1 },
        { vaultId: t.foreign.vaultId, memoryId: t.foreign.parentId, version: 1 },
        { vaultId: 'B', memoryId: t.own.memoryId, version: 1 },
      ]);
    },
    expect: 'scoped',
  },
];
