import { In, Like, MoreThan, Not } from 'typeorm';
import { AuditEntry } from '../../../src/operations/audit-entry.entity.js';
import { Memory } from '../../../src/memories/memory.entity.js';
import type { Attempt, Path } from '../attempt.js';

const foreignKey = (t: Attempt) => ({ vaultId: t.foreign.vaultId, id: t.foreign.memoryId });

/** Updates and deletes by condition. */
export const changing: readonly Path[] = [
  {
    name: 'update by id',
    run: (t) => t.memories.update({ id: t.own.memoryId }, { salience: 0 }),
    expect: 'scoped',
  },
  {
    name: "update another's id",
    run: (t) => t.memories.update({ id: t.foreign.memoryId }, { salience: 0 }),
    expect: 'nothing',
  },
  {
    name: "update another's key",
    run: (t) => t.memories.update(foreignKey(t), { salience: 0 }),
    expect: 'nothing',
  },
  {
    name: 'update an expired row',
    run: (t) => t.memories.update({ id: 'm-u1-expired' }, { salience: 0 }),
    expect: 'nothing',
  },
  {
    name: 'update rows without an owner',
    run: (t) => t.memories.update({ userId: '' }, { salience: 0 }),
    expect: ['scoped', 'nothing'],
  },
  { name: 'update({})', run: (t) => t.memories.update({}, { salience: 0 }), expect: 'refused' },
  {
    name: 'update everything that matches anything',
    run: (t) => t.memories.update({ id: Not(In([])) }, { salience: 0 }),
    expect: 'scoped',
  },
  { name: 'updateAll', run: (t) => t.memories.updateAll({ salience: 0 }), expect: 'scoped' },
  {
    name: 'update by entity',
    run: (t) => t.manager.update('memories', { id: Like('%') }, { salience: 0 }),
    expect: 'scoped',
  },
  {
    name: 'update the vault',
    run: (t) => t.memories.update({ id: t.own.memoryId }, { vaultId: 'B', position: 900 }),
    expect: 'refused',
  },
  {
    name: 'update the vault by SQL',
    run: (t) => t.memories.update({ id: t.own.memoryId }, { vaultId: () => `'B'`, position: 900 }),
    expect: 'refused',
  },
  {
    name: 'update the vault through a relation',
    run: (t) =>
      t.versions.update(
        { memoryId: t.own.memoryId },
        { memory: Object.assign(new Memory(), { vaultId: 'B', id: t.own.memoryId }) },
      ),
    expect: 'refused',
  },
  {
    name: 'update the owner',
    run: (t) => t.facts.update({ id: t.own.factId }, { userId: 'u2' }),
    expect: ['scoped', 'refused'],
  },
  {
    name: 'update the owner by SQL',
    run: (t) => t.facts.update({ id: t.own.factId }, { userId: () => `'u2'` }),
    expect: ['scoped', 'refused'],
  },
  {
    name: 'update the owner to oneself',
    run: (t) => t.facts.update({ id: t.own.factId }, { userId: 'u1', object: 'x' }),
    expect: 'scoped',
  },
  {
    name: 'update by SQL',
    run: (t) => t.memories.update({ id: t.own.memoryId }, { version: () => 'version + 1' }),
    expect: 'scoped',
  },
  {
    name: 'update() of a builder without where',
    run: (t) => t.dataSource.createQueryBuilder().update(Memory).set({ salience: 0 }).execute(),
    expect: 'scoped',
  },
  {
    name: 'update() by table name',
    run: (t) => t.dataSource.createQueryBuilder().update('MEMORIES').set({ salience: 0 }).execute(),
    expect: 'refused',
  },
  {
    name: 'update().whereInIds',
    run: (t) =>
      t.dataSource
        .createQueryBuilder()
        .update(Memory)
        .set({ salience: 0 })
        .whereInIds([
          { vaultId: 'A', id: t.own.memoryId },
          foreignKey(t),
          { vaultId: 'B', id: t.own.memoryId },
        ])
        .execute(),
    expect: 'scoped',
  },
  {
    name: 'update().whereEntity',
    run: (t) =>
      t.dataSource
        .createQueryBuilder()
        .update(Memory)
        .set({ salience: 0 })
        .whereEntity(t.newMemory(foreignKey(t)))
        .execute(),
    expect: 'nothing',
  },
  {
    name: 'update().orWhere',
    run: (t) =>
      t.dataSource
        .createQueryBuilder()
        .update(Memory)
        .set({ salience: 0 })
        .where('1=0')
        .orWhere('1=1')
        .execute(),
    expect: 'scoped',
  },
  {
    name: 'update().returning',
    run: (t) =>
      t.dataSource.createQueryBuilder().update(Memory).set({ salience: 0 }).returning('*').execute(),
    expect: 'refused',
    expectOnPostgres: 'scoped',
  },
  {
    name: 'increment',
    run: (t) => t.memories.increment({ id: t.own.memoryId }, 'version', 1),
    expect: 'scoped',
  },
  {
    name: "increment another's id",
    run: (t) => t.memories.increment({ id: t.foreign.memoryId }, 'version', 1),
    expect: 'nothing',
  },
  {
    name: 'increment all',
    run: (t) => t.memories.increment({ version: MoreThan(0) }, 'version', 1),
    expect: 'scoped',
  },
  {
    name: 'decrement',
    run: (t) => t.memories.decrement({ id: t.own.memoryId }, 'salience', 0.001),
    expect: 'scoped',
  },
  { name: 'delete by id', run: (t) => t.memories.delete({ id: t.own.memoryId }), expect: 'scoped' },
  {
    name: "delete another's id",
    run: (t) => t.memories.delete({ id: t.foreign.memoryId }),
    expect: 'nothing',
  },
  { name: "delete another's key", run: (t) => t.memories.delete(foreignKey(t)), expect: 'nothing' },
  { name: 'delete an expired row', run: (t) => t.memories.delete({ id: 'm-u1-expired' }), expect: 'nothing' },
  {
    name: 'delete rows without an owner',
    run: (t) => t.memories.delete({ userId: '' }),
    expect: ['scoped', 'nothing'],
  },
  { name: 'delete({})', run: (t) => t.memories.delete({}), expect: 'refused' },
  {
    name: 'delete what matches anything',
    run: (t) => t.memories.delete({ id: Like('%') }),
    expect: 'scoped',
  },
  { name: 'deleteAll', run: (t) => t.facts.deleteAll(), expect: 'scoped' },
  { name: 'clear', run: (t) => t.memories.clear(), expect: 'refused' },
  { name: 'manager.clear', run: (t) => t.manager.clear(Memory), expect: 'refused' },
  {
    name: 'delete() of a builder without where',
    run: (t) => t.dataSource.createQueryBuilder().delete().from(Memory).execute(),
    expect: 'scoped',
  },
  {
    name: 'delete() by table name',
    run: (t) => t.dataSource.createQueryBuilder().delete().from('main.memories').execute(),
    expect: 'refused',
  },
  {
    name: 'delete() where OR',
    run: (t) => t.memories.createQueryBuilder().delete().where('1=0').orWhere('1=1').execute(),
    expect: 'scoped',
  },
  {
    name: 'delete() whereInIds',
    run: (t) =>
      t.memories
        .createQueryBuilder()
        .delete()
        .whereInIds([foreignKey(t)])
        .execute(),
    expect: 'nothing',
  },
  { name: 'softDelete', run: (t) => t.memories.softDelete({ id: t.own.memoryId }), expect: 'refused' },
  { name: 'restore', run: (t) => t.memories.restore({ id: t.own.memoryId }), expect: 'refused' },
  {
    name: 'delete for services only',
    run: (t) => t.manager.delete(AuditEntry, { id: 'a-1' }),
    expect: ['scoped', 'refused'],
  },
  {
    name: 'update for services only',
    run: (t) => t.manager.update(AuditEntry, { id: 'a-1' }, { action: 'x' }),
    expect: ['scoped', 'refused'],
  },
];
