import { SelectQueryBuilder } from 'typeorm';
import { Fact } from '../../../src/facts/fact.entity.js';
import { Memory } from '../../../src/memories/memory.entity.js';
import { MemoryVersion } from '../../../src/memories/memory-version.entity.js';
import type { Path } from '../attempt.js';

/** The select query builder: joins, what stands in its FROM, and what it turns into. */
export const joining: readonly Path[] = [
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
