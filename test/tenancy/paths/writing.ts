import { Memory } from '../../../src/memories/memory.entity.js';
import type { Attempt, Path } from '../attempt.js';

/** Another's row as a tenant would forge it: its key, its owner, new content. */
function forged(t: Attempt): Partial<Memory> {
  const { vaultId, userId, memoryId } = t.foreign;
  return { vaultId, userId, id: memoryId, position: 501 };
}

const allOf = (t: Attempt) => ({ id: t.own.memoryId });

/** Saving and removing entities. */
export const writing: readonly Path[] = [
  { name: 'save a new row', run: (t) => t.memories.save(t.newMemory()), expect: 'scoped' },
  { name: 'save a plain object', run: (t) => t.memories.save({ ...t.newMemory() }), expect: 'scoped' },
  {
    name: 'manager.save',
    run: (t) => t.manager.save(Memory, { ...t.newMemory() }),
    expect: 'scoped',
  },
  {
    name: 'save an own row',
    run: async (t) => {
      const row = await t.memories.findOneByOrFail({ id: t.own.memoryId });
      row.salience = 0;
      return t.memories.save(row);
    },
    expect: 'scoped',
  },
  {
    name: 'save part of an own row',
    run: (t) => t.memories.save({ ...allOf(t), salience: 0 }),
    expect: 'scoped',
  },
  {
    name: 'save a row whose key holds the user',
    run: (t) => t.sessions.save({ id: 's-1', userId: 'u1', memoryCount: 9 }),
    expect: 'scoped',
  },
  {
    name: 'save a row whose key holds the user, unnamed',
    run: (t) => t.sessions.save({ id: 's-1', memoryCount: 9 }),
    expect: ['refused', 'scoped'],
  },
  {
    name: "save another's row",
    run: (t) => t.memories.save(t.newMemory(forged(t))),
    expect: 'refused',
  },
  {
    name: "save a row of another's id",
    run: (t) => t.memories.save(t.newMemory({ id: t.foreign.memoryId })),
    expect: ['scoped', 'refused'],
    tellsTakenIds: true,
  },
  {
    name: 'save own and other rows',
    run: (t) => t.memories.save([t.newMemory(), t.newMemory(forged(t))]),
    expect: 'refused',
  },
  {
    name: 'save in chunks, without a transaction',
    run: (t) => t.memories.save([t.newMemory(forged(t))], { chunk: 1, transaction: false }),
    expect: 'refused',
  },
  {
    name: 'save an own row into another vault',
    run: async (t) => {
      const row = await t.memories.findOneByOrFail({ id: t.own.memoryId });
      row.vaultId = 'B';
      row.position = 777;
      return t.memories.save(row);
    },
    expect: 'refused',
  },
  {
    name: 'save an own row as another user’s',
    run: async (t) => {
      const row = await t.facts.findOneByOrFail({ id: t.own.factId });
      row.userId = 'u2';
      return t.facts.save(row);
    },
    expect: ['scoped', 'refused'],
  },
  {
    name: 'save children along',
    run: (t) =>
      t.memories.save(
        t.newMemory({ versions: [t.newVersion({ vaultId: 'B', memoryId: t.foreign.memoryId, version: 1 })] }),
      ),
    expect: 'scoped',
  },
  {
    name: "save a child of another's row",
    run: (t) =>
      t.versions.save(
        t.newVersion({
          memory: Object.assign(new Memory(), { vaultId: t.foreign.vaultId, id: t.foreign.memoryId }),
        }),
      ),
    expect: 'refused',
  },
  {
    name: "turn a child to another's row",
    run: async (t) => {
      const row = await t.versions.findOneByOrFail({ memoryId: t.own.memoryId });
      row.memory = Object.assign(new Memory(), { vaultId: t.foreign.vaultId, id: t.foreign.memoryId });
      return t.versions.save(row);
    },
    expect: 'refused',
  },
  {
    name: 'preload an own row',
    run: (t) => t.memories.preload({ vaultId: 'A', ...allOf(t) }),
    expect: 'scoped',
  },
  {
    name: "preload another's row",
    run: (t) => t.memories.preload({ vaultId: t.foreign.vaultId, id: t.foreign.memoryId }),
    expect: 'nothing',
  },
  {
    name: 'merge into an own row',
    run: async (t) => {
      const row = await t.facts.findOneByOrFail({ id: t.own.factId });
      return t.facts.save(t.facts.merge(row, { vaultId: 'B', object: 'x' }));
    },
    expect: 'refused',
  },
  {
    name: 'remove an own row',
    run: async (t) => t.memories.remove(await t.memories.findOneByOrFail(allOf(t))),
    expect: 'scoped',
  },
  {
    name: "remove another's row",
    run: (t) => t.memories.remove(t.newMemory(forged(t))).then(() => undefined),
    expect: 'nothing',
  },
  {
    name: 'remove the same id in another vault',
    run: (t) => t.memories.remove(t.newMemory({ vaultId: 'B', id: t.own.memoryId })).then(() => undefined),
    expect: 'nothing',
  },
  {
    name: 'softRemove',
    run: (t) => t.memories.softRemove(t.newMemory(forged(t))).then(() => undefined),
    expect: 'nothing',
  },
  {
    name: 'recover',
    run: (t) => t.memories.recover(t.newMemory(forged(t))).then(() => undefined),
    expect: 'nothing',
  },
];
