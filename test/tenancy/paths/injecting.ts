import type { Path } from '../attempt.js';

const ALL_FACTS = '(SELECT string_agg(object, object ORDER BY object) FROM facts)';
const ALL_MEMORIES = '(SELECT string_agg(content, content ORDER BY content) FROM memories)';

/** SQL smuggled into the places where select builders take text. */
export const injecting: readonly Path[] = [
  {
    name: 'where out of its brackets',
    run: (t) => t.query().where('1=1) OR (1=1').getMany(),
    expect: 'refused',
  },
  {
    name: 'andWhere out of its brackets',
    run: (t) => t.query().where('1=0').andWhere('1=1) OR (1=1').getMany(),
    expect: 'scoped',
  },
  {
    name: 'orWhere far out of its brackets',
    run: (t) => t.query().where('1=0').orWhere('1=1)) OR ((1=1').getMany(),
    expect: 'refused',
  },
  { name: 'where with --', run: (t) => t.query().where('1=1 --').getMany(), expect: 'refused' },
  { name: 'where with /*', run: (t) => t.query().where('1=1 /*').getMany(), expect: 'refused' },
  { name: 'where with an open quote', run: (t) => t.query().where("1=1 OR '").getMany(), expect: 'refused' },
  {
    name: 'where with two statements',
    run: (t) => t.query().where('1=1; SELECT 1').getMany(),
    expect: 'refused',
  },
  {
    name: 'where with UNION',
    run: (t) => t.query().where('1=1 UNION SELECT * FROM memories').getMany(),
    expect: 'refused',
  },
  {
    name: 'where with a subselect',
    run: (t) => t.query().where(`${ALL_FACTS} <> ''`).getMany(),
    expect: 'refused',
  },
  { name: 'where IN a table', run: (t) => t.query().where('(1) IN memories').getMany(), expect: 'refused' },
  {
    name: 'where with a quoted comment',
    run: (t) => t.query().where(`'--' <> '/*'`).getMany(),
    expect: 'refused',
  },
  {
    name: 'having with a subselect',
    run: (t) => t.query().groupBy('m.id').having(`${ALL_FACTS} <> ''`).getMany(),
    expect: 'refused',
  },
  {
    name: 'having with UNION',
    run: (t) =>
      t
        .query()
        .select('m.content', 'c')
        .groupBy('m.id')
        .having('1=1 UNION SELECT content FROM memories')
        .getRawMany(),
    expect: 'refused',
  },
  { name: 'order by a subselect', run: (t) => t.query().orderBy(ALL_MEMORIES).getMany(), expect: 'refused' },
  {
    name: 'order by with UNION',
    run: (t) =>
      t.query().select('m.content', 'c').orderBy('1 UNION SELECT content FROM memories').getRawMany(),
    expect: 'refused',
  },
  { name: 'group by a subselect', run: (t) => t.query().groupBy(ALL_FACTS).getMany(), expect: 'refused' },
  {
    name: 'limit with SQL',
    run: (t) =>
      t
        .query()
        .limit('1 UNION SELECT 1' as unknown as number)
        .getMany(),
    expect: 'refused',
  },
  {
    name: 'select a subselect',
    run: (t) => t.query().select(ALL_MEMORIES, 'x').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'select with another FROM',
    run: (t) => t.query().select('x.content FROM memories x --').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'select, comment, order by',
    run: (t) => t.query().select('m.content /*').orderBy('*/ FROM memories m').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'select with a NUL',
    run: (t) => t.query().select('m.content FROM memories m \0').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'addSelect of a table with the alias of the query',
    run: (t) =>
      t
        .query()
        .select('m.content', 'c')
        .addSelect('(SELECT string_agg(m.object, m.object ORDER BY m.object) FROM facts m)', 'x')
        .getRawMany(),
    expect: 'refused',
  },
  {
    name: 'join condition out of its brackets',
    run: (t) => t.query().leftJoinAndSelect('m.versions', 'v', '1=1) OR (1=1').getMany(),
    expect: 'refused',
  },
  {
    name: 'join condition with --',
    run: (t) => t.query().leftJoinAndSelect('m.versions', 'v', '1=1 --').getMany(),
    expect: 'refused',
  },
  {
    name: 'join condition with a subselect',
    run: (t) => t.query().leftJoinAndSelect('m.versions', 'v', `${ALL_FACTS} <> ''`).getMany(),
    expect: 'refused',
  },
  {
    name: 'join of a table beside a subquery',
    run: (t) =>
      t.query().innerJoin('(SELECT 1 AS a) x, memories', 'y', '1=1').select('y.content', 'c').getRawMany(),
    expect: 'refused',
  },
  {
    name: 'FROM of a table beside a subquery',
    run: (t) =>
      t.dataSource
        .createQueryBuilder()
        .select('*')
        .from('(SELECT 1 AS a) x, memories y, (SELECT 2 AS b)', 'z')
        .getRawMany(),
    expect: 'refused',
  },
  {
    name: 'an alias with quotes',
    run: (t) => t.memories.createQueryBuilder('m" , facts "f').select('f.object', 'o').getRawMany(),
    expect: 'refused',
  },
];
