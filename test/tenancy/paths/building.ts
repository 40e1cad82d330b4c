import { Brackets, NotBrackets } from 'typeorm';
import { Fact } from '../../../src/facts/fact.entity.js';
import { Memory } from '../../../src/memories/memory.entity.js';
import { Waypoint } from '../../../src/waypoints/waypoint.entity.js';
import type { Path } from '../attempt.js';

/** The select query builder: results, conditions, subqueries. */
export const building: readonly Path[] = [
  { name: 'getMany', run: (t) => t.query().getMany(), expect: 'scoped' },
  { name: 'getOne', run: (t) => t.query().orderBy('m.id', 'DESC').getOne(), expect: 'scoped' },
  {
    name: 'getOneOrFail',
    run: (t) => t.query().where('m.id = :id', { id: t.foreign.memoryId }).getOneOrFail(),
    expect: 'refused',
  },
  { name: 'getCount', run: (t) => t.query().getCount(), expect: 'scoped' },
  { name: 'getExists', run: (t) => t.query().getExists(), expect: 'scoped' },
  { name: 'getManyAndCount', run: (t) => t.query().take(1).getManyAndCount(), expect: 'scoped' },
  { name: 'getRawMany', run: (t) => t.query().getRawMany(), expect: 'scoped' },
  { name: 'getRawOne', run: (t) => t.query().select('max(m.version)', 'max').getRawOne(), expect: 'scoped' },
  { name: 'getRawAndEntities', run: (t) => t.query().getRawAndEntities(), expect: 'scoped' },
  { name: 'execute', run: (t) => t.query().execute(), expect: 'scoped' },
  { name: 'stream', run: (t) => t.query().stream(), expect: 'refused' },
  {
    name: 'its SQL by hand',
    run: (t) => t.manager.query(...t.query().getQueryAndParameters()),
    expect: 'scoped',
  },
  { name: 'clone', run: (t) => t.query().clone().getMany(), expect: 'scoped' },
  { name: 'comment', run: (t) => t.query().comment("it's */ OR 1=1").getMany(), expect: 'scoped' },
  {
    // On PostgreSQL the name of the schema is read in quotes alone.
    name: 'without escaping',
    run: (t) => t.query().disableEscaping().getRawMany(),
    expect: 'scoped',
    expectOnPostgres: 'refused',
  },
  {
    name: 'selected column',
    run: (t) => t.query().select(['m.id', 'm.content']).getMany(),
    expect: 'scoped',
  },
  {
    name: 'selected expression',
    run: (t) => t.query().select('string_agg(m.content, m.content ORDER BY m.content)', 'all').getRawOne(),
    expect: 'scoped',
  },
  {
    name: 'distinct',
    run: (t) => t.query().select('m.content', 'c').distinct().getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'group by, having',
    run: (t) =>
      t
        .query()
        .select('m.primarySector', 's')
        .addSelect('count(*)', 'n')
        .groupBy('m.primarySector')
        .having('count(*) > 0')
        .orHaving('1=1')
        .getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'limit, offset',
    run: (t) => t.query().orderBy('m.id').limit(2).offset(1).getMany(),
    expect: 'scoped',
  },
  {
    name: 'where with a parameter',
    run: (t) => t.query().where('m.id = :id', { id: t.own.memoryId }).getMany(),
    expect: 'scoped',
  },
  { name: 'where, orWhere', run: (t) => t.query().where('1=0').orWhere('1=1').getMany(), expect: 'scoped' },
  {
    name: 'andWhere with OR',
    run: (t) => t.query().where('1=1').andWhere('1=1 OR 1=1').getMany(),
    expect: 'scoped',
  },
  {
    name: 'where of another vault',
    run: (t) => t.query().where('m.vaultId = :v', { v: 'B' }).getMany(),
    expect: 'nothing',
  },
  {
    name: 'where replaced',
    run: (t) => t.query().where('m.vaultId = :v', { v: 'A' }).where('1=1').getMany(),
    expect: 'scoped',
  },
  {
    name: 'Brackets',
    run: (t) =>
      t
        .query()
        .where(new Brackets((qb) => qb.where('1=0').orWhere('1=1')))
        .getMany(),
    expect: 'scoped',
  },
  {
    name: 'NotBrackets',
    run: (t) =>
      t
        .query()
        .where(new NotBrackets((qb) => qb.where('m.vaultId = :v', { v: 'A' })))
        .getMany(),
    expect: 'nothing',
  },
  {
    name: 'whereInIds',
    run: (t) =>
      t
        .query()
        .whereInIds([
          { vaultId: 'A', id: t.own.memoryId },
          { vaultId: t.foreign.vaultId, id: t.foreign.memoryId },
          { vaultId: 'B', id: t.own.memoryId },
        ])
        .getMany(),
    expect: 'scoped',
  },
  {
    name: 'where an object',
    run: (t) => t.query().where({ id: t.own.memoryId }).getMany(),
    expect: 'scoped',
  },
  {
    name: 'where alternatives',
    run: (t) =>
      t
        .query()
        .where([{ id: t.own.memoryId }, { vaultId: 'B' }])
        .getMany(),
    expect: 'scoped',
  },
  {
    name: 'setFindOptions',
    run: (t) =>
      t
        .query()
        .setFindOptions({ where: [{ vaultId: 'A' }, { vaultId: 'B' }] })
        .getMany(),
    expect: 'scoped',
  },
  {
    name: 'whereExists',
    run: (t) =>
      t.query().whereExists(t.versions.createQueryBuilder('v').where('v.memoryId = m.id')).getMany(),
    expect: 'scoped',
  },
  {
    name: "whereExists of another's",
    run: (t) =>
      t
        .query()
        .whereExists(t.facts.createQueryBuilder('f').where('f.id = :id', { id: t.foreign.factId }))
        .getMany(),
    expect: 'nothing',
  },
  {
    name: 'subquery in a condition',
    run: (t) =>
      t
        .query()
        .where((qb) => `m.id IN ${qb.subQuery().select('w.srcId').from(Waypoint, 'w').getQuery()}`)
        .getMany(),
    expect: 'scoped',
  },
  {
    name: 'subquery in the selection',
    run: (t) =>
      t
        .query()
        .select('m.id', 'id')
        .addSelect(
          (qb) => qb.select('string_agg(f.object, f.object ORDER BY f.object)').from(Fact, 'f'),
          'facts',
        )
        .getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'subquery to select from',
    run: (t) =>
      t.dataSource
        .createQueryBuilder()
        .select('s.content', 'content')
        .from((qb) => qb.select('m.content', 'content').from(Memory, 'm'), 's')
        .getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'another builder as text',
    run: (t) => {
      const inner = t.versions.createQueryBuilder('v').select('v.memoryId').where('v.version = :n', { n: 1 });
      return t.query().where(`m.id IN (${inner.getQuery()})`).setParameters(inner.getParameters()).getMany();
    },
    expect: 'scoped',
  },
];
