import { Brackets, NotBrackets, SelectQueryBuilder } from 'typeorm';
import { Fact } from '../../../src/facts/fact.entity.js';
import { Memory } from '../../../src/memories/memory.entity.js';
import { MemoryVersion } from '../../../src/memories/memory-version.entity.js';
import { Waypoint } from '../../../src/waypoints/waypoint.entity.js';
import type { Path } from '../attempt.js';

/** The select query builder: results, conditions, joins, subqueries. */
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
  { name: 'without escaping', run: (t) => t.query().disableEscaping().getRawMany(), expect: 'scoped' },
  {
    name: 'selected column',
    run: (t) => t.query().select(['m.id', 'm.content']).getMany(),
    expect: 'scoped',
  },
  {
    name: 'selected expression',
    run: (t) => t.query().select('group_concat(m.content)', 'all').getRawOne(),
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
        .addSelect((qb) => qb.select('group_concat(f.object)').from(Fact, 'f'), 'facts')
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
  {
    name: 'inner join',
    run: (t) => t.query().innerJoinAndSelect('m.versions', 'v').getMany(),
    expect: 'scoped',
  },
  {
    name: 'left join',
    run: (t) => t.query().leftJoinAndSelect('m.outgoing', 'w').getMany(),
    expect: 'scoped',
  },
  {
    name: 'left join with a condition',
    run: (t) => t.query().leftJoinAndSelect('m.outgoing', 'w', 'w.weight > 0 OR 1=1').getMany(),
    expect: 'scoped',
  },
  {
    name: 'left join, inner join below',
    run: (t) => t.query().leftJoinAndSelect('m.outgoing', 'w').innerJoinAndSelect('w.dst', 'd').getMany(),
    expect: 'scoped',
  },
  {
    name: 'join of an entity on anything',
    run: (t) => t.query().innerJoin(Fact, 'f', '1=1').select('f.object', 'o').getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'join of an entity on this or that',
    run: (t) => t.query().leftJoin(Fact, 'f', '1=1 OR 1=0').select('f.object', 'o').getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'join of an entity without condition',
    run: (t) => t.query().leftJoin(Fact, 'f').select('f.object', 'o').getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'join of a table name',
    run: (t) => t.query().innerJoin('facts', 'f', '1=1').select('f.object', 'o').getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'join of a table name in capitals',
    run: (t) => t.query().innerJoin('FACTS', 'f', '1=1').select('f.object', 'o').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'join of a subquery',
    run: (t) =>
      t
        .query()
        .innerJoin((qb) => qb.select('f.object', 'object').from(Fact, 'f'), 's', '1=1')
        .select('s.object', 'o')
        .getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'leftJoinAndMapMany',
    run: (t) => t.query().leftJoinAndMapMany('m.facts', Fact, 'f', '1=1').getMany(),
    expect: 'scoped',
  },
  {
    name: 'leftJoinAndMapOne',
    run: (t) => t.query().leftJoinAndMapOne('m.version1', MemoryVersion, 'v', 'v.memoryId = m.id').getMany(),
    expect: 'scoped',
  },
  {
    name: 'innerJoinAndMapMany',
    run: (t) => t.query().innerJoinAndMapMany('m.next', 'm.outgoing', 'w').getMany(),
    expect: 'scoped',
  },
  {
    name: 'a page with joins',
    run: (t) =>
      t
        .query()
        .leftJoinAndSelect('m.versions', 'v')
        .orderBy('m.version', 'DESC')
        .skip(0)
        .take(2)
        .getManyAndCount(),
    expect: 'scoped',
  },
  {
    name: 'loadAllRelationIds',
    run: (t) => t.query().loadAllRelationIds().orderBy('m.id').getMany(),
    expect: 'scoped',
  },
  {
    name: 'two tables in the FROM',
    run: (t) => t.query().addFrom(Fact, 'f').select(['m.content AS a', 'f.object AS b']).getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'a table name in the FROM',
    run: (t) => t.dataSource.createQueryBuilder().select('*').from('memories', 'x').getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'a table name in capitals in the FROM',
    run: (t) => t.dataSource.createQueryBuilder().select('*').from('MEMORIES', 'x').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'a table of a schema in the FROM',
    run: (t) => t.dataSource.createQueryBuilder().select('*').from('main.memories', 'x').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'SQL in the FROM',
    run: (t) =>
      t.dataSource.createQueryBuilder().select('*').from('(SELECT * FROM memories)', 'x').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'an alias that is a table name',
    run: (t) => t.facts.createQueryBuilder('memories').getMany(),
    expect: 'scoped',
  },
  {
    name: 'an alias that is a column name',
    run: (t) => t.facts.createQueryBuilder('vault_id').getMany(),
    expect: 'scoped',
  },
  {
    name: 'a CTE of a builder',
    run: (t) =>
      t.dataSource
        .createQueryBuilder()
        .addCommonTableExpression(t.query().select('m.content', 'content'), 'c')
        .select('c.content', 'content')
        .from('c', 'c')
        .getRawMany(),
    expect: 'scoped',
  },
  {
    name: 'a CTE of SQL',
    run: (t) =>
      t.dataSource
        .createQueryBuilder()
        .addCommonTableExpression('SELECT content FROM memories', 'c')
        .select('c.content', 'content')
        .from('c', 'c')
        .getRawMany(),
    expect: 'refused',
  },
  {
    name: 'a CTE called as a table',
    run: (t) =>
      t.query().addCommonTableExpression('SELECT * FROM facts', 'memories').select('*').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'a recursive CTE',
    run: (t) =>
      t.dataSource
        .createQueryBuilder()
        .addCommonTableExpression(
          `${t.waypoints.createQueryBuilder('w').select('w.dstId', 'id').getQuery()} UNION SELECT w2.dst_id FROM waypoints w2 JOIN r ON r.id = w2.src_id`,
          'r',
          { recursive: true },
        )
        .select('r.id', 'id')
        .from('r', 'r')
        .getRawMany(),
    expect: 'refused',
  },
  {
    name: 'TypeORM’s own builder',
    run: (t) => new SelectQueryBuilder(t.dataSource).select('m').from(Memory, 'm').getMany(),
    expect: 'refused',
  },
  {
    name: 'from select to delete',
    run: (t) => t.query().delete().execute(),
    expect: 'scoped',
  },
  {
    name: 'from select to update',
    run: (t) => t.query().update({ salience: 0 }).execute(),
    expect: 'scoped',
  },
  {
    name: 'from update to select',
    run: (t) => t.query().update({ salience: 0 }).select('m').from(Memory, 'm').getMany(),
    expect: 'refused',
  },
];
