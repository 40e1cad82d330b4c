/** The statements with which OpenMemory's releases make their SQLite tables, word for word. */

const EMBED_LOGS = 'CREATE TABLE embed_logs(id text primary key,model text,status text,ts integer,err text)';

const MEMORIES_1_1 =
  'CREATE TABLE memories(id text primary key,content text not null,primary_sector text not null,tags text,meta text,' +
  'created_at integer,updated_at integer,last_seen_at integer,salience real,decay_lambda real,' +
  'version integer default 1,mean_dim integer,mean_vec blob)';
const MEMORIES_1_2 =
  'CREATE TABLE memories(id text primary key,user_id text,segment integer default 0,content text not null,' +
  'simhash text,primary_sector text not null,tags text,meta text,created_at integer,updated_at integer,' +
  'last_seen_at integer,salience real,decay_lambda real,version integer default 1,mean_dim integer,mean_vec blob,' +
  'compressed_vec blob,feedback_score real default 0)';
const MEMORIES_HEAD = MEMORIES_1_2.replace('user_id text,', 'user_id text,project_id text,');

const VECTORS_1_1 = (name: string) =>
  `CREATE TABLE ${name}(id text not null,sector text not null,v blob not null,dim integer not null,primary key(id,sector))`;
const VECTORS_1_2_1 = (name: string) =>
  `CREATE TABLE ${name}(id text not null,sector text not null,user_id text,v blob not null,dim integer not null,primary key(id,sector))`;
const VECTORS_HEAD = (name: string) =>
  VECTORS_1_2_1(name).replace('user_id text,', 'user_id text,project_id text,');

const FULL_TEXT = "CREATE VIRTUAL TABLE memories_fts using fts5(id UNINDEXED,content,tokenize='porter')";

const WAYPOINTS_1_1 =
  'CREATE TABLE waypoints(src_id text primary key,dst_id text not null,weight real not null,created_at integer,updated_at integer)';
const WAYPOINTS_1_2_1 =
  'CREATE TABLE waypoints(src_id text,dst_id text not null,user_id text,weight real not null,created_at integer,updated_at integer,primary key(src_id,user_id))';
const WAYPOINTS_HEAD = WAYPOINTS_1_2_1.replace('user_id text,', 'user_id text,project_id text,');

const USERS_AND_STATS = [
  'CREATE TABLE users(user_id text primary key,summary text,reflection_count integer default 0,created_at integer,updated_at integer)',
  'CREATE TABLE stats(id integer primary key autoincrement,type text not null,count integer default 1,ts integer not null)',
];

const FACTS_1_2_1 =
  'CREATE TABLE temporal_facts(id text primary key,subject text not null,predicate text not null,object text not null,' +
  'valid_from integer not null,valid_to integer,confidence real not null check(confidence >= 0 and confidence <= 1),' +
  'last_updated integer not null,metadata text,unique(subject,predicate,object,valid_from))';
const FACTS_HEAD = FACTS_1_2_1.replace(
  'id text primary key,',
  'id text primary key,user_id text,project_id text,',
);
const FACT_EDGES =
  'CREATE TABLE temporal_edges(id text primary key,source_id text not null,target_id text not null,' +
  'relation_type text not null,valid_from integer not null,valid_to integer,weight real not null,metadata text,' +
  'foreign key(source_id) references temporal_facts(id),foreign key(target_id) references temporal_facts(id))';

const index = (name: string, on: string) => `CREATE INDEX ${name} on ${on}`;
const indexes = (vectors: string, which: 'waypoints' | 'users' | 'facts') => [
  index('idx_memories_sector', 'memories(primary_sector)'),
  index('idx_waypoints_src', 'waypoints(src_id)'),
  index('idx_waypoints_dst', 'waypoints(dst_id)'),
  ...(which === 'waypoints'
    ? []
    : [
        index('idx_memories_segment', 'memories(segment)'),
        index('idx_memories_simhash', 'memories(simhash)'),
        index('idx_memories_ts', 'memories(last_seen_at)'),
        index('idx_memories_user', 'memories(user_id)'),
        index('idx_stats_ts', 'stats(ts)'),
        index('idx_stats_type', 'stats(type)'),
      ]),
  ...(which === 'facts'
    ? [
        index('idx_vectors_user', `${vectors}(user_id)`),
        index('idx_waypoints_user', 'waypoints(user_id)'),
        index('idx_temporal_subject', 'temporal_facts(subject)'),
        index('idx_temporal_predicate', 'temporal_facts(predicate)'),
        index('idx_temporal_validity', 'temporal_facts(valid_from,valid_to)'),
        index('idx_temporal_composite', 'temporal_facts(subject,predicate,valid_from,valid_to)'),
        index('idx_edges_source', 'temporal_edges(source_id)'),
        index('idx_edges_target', 'temporal_edges(target_id)'),
        index('idx_edges_validity', 'temporal_edges(valid_from,valid_to)'),
      ]
    : []),
];

export type Release = '1.1.1' | '1.1.1 without full text' | '1.2.0' | '1.2.3' | '1.3.0' | 'HEAD';

export const RELEASES: readonly Release[] = [
  '1.1.1',
  '1.1.1 without full text',
  '1.2.0',
  '1.2.3',
  '1.3.0',
  'HEAD',
];

/** The name of the vector table where OM_VECTOR_TABLE is not set. */
export function vectorTableOf(release: Release): string {
  return release === 'HEAD' ? 'openmemory_vectors' : 'vectors';
}

/** @param vectors the name of the vector table (OM_VECTOR_TABLE) */
export function tablesOf(release: Release, vectors = vectorTableOf(release)): string[] {
  switch (release) {
    case '1.1.1':
    case '1.1.1 without full text':
      return [
        MEMORIES_1_1,
        VECTORS_1_1(vectors),
        ...(release === '1.1.1' ? [FULL_TEXT] : []),
        WAYPOINTS_1_1,
        EMBED_LOGS,
        ...indexes(vectors, 'waypoints'),
      ];
    case '1.2.0':
      return [
        MEMORIES_1_2,
        VECTORS_1_1(vectors),
        WAYPOINTS_1_1,
        EMBED_LOGS,
        ...USERS_AND_STATS,
        ...indexes(vectors, 'users'),
      ];
    case '1.2.3':
    case '1.3.0':
      return [
        MEMORIES_1_2,
        VECTORS_1_2_1(vectors),
        WAYPOINTS_1_2_1,
        EMBED_LOGS,
        ...USERS_AND_STATS,
        FACTS_1_2_1,
        FACT_EDGES,
        ...indexes(vectors, 'facts'),
      ];
    case 'HEAD':
      return [
        MEMORIES_HEAD,
        VECTORS_HEAD(vectors),
        WAYPOINTS_HEAD,
        EMBED_LOGS,
        ...USERS_AND_STATS,
        FACTS_HEAD,
        FACT_EDGES,
        ...indexes(vectors, 'facts'),
        index('idx_temporal_user', 'temporal_facts(user_id)'),
      ];
  }
}
