import 'reflect-metadata';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { steps } from '../migrations/chain.js';
import { temporaryFolder } from './harness/app.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import {
  change,
  copyOf,
  findingsIn,
  makeSoundDatabase,
  remake,
  sha256Of,
} from './harness/verified-database.js';

const seed = randomSeed('verify.damage');
const SOUND = join(temporaryFolder(), 'sound.sqlite');

beforeAll(() => makeSoundDatabase(SOUND, new Random(seed)));

type Damage = (path: string) => void;

const sql =
  (...statements: string[]): Damage =>
  (path) =>
    change(path, statements);
const rebuilt =
  (table: string, what: string | RegExp, by: string): Damage =>
  (path) =>
    remake(path, table, what, by);

const LAST = steps.at(-1)!;
const BLOCK = `vault_id = 'acme' AND user_id = 'ana' AND block_no = 0`;
const ANA = `vault_id = 'acme' AND user_id = 'ana'`;

/** One kind of damage each, and what must be said of it. Where more follows from it, more may be said. */
const DAMAGES: readonly [what: string, damage: Damage, finding: RegExp, alone?: false][] = [
  // The schema.
  ['a lost index', sql('DROP INDEX ix_memories_created'), /^schema: index ix_memories_created is missing$/],
  [
    'an index of other columns',
    sql('DROP INDEX ix_facts_subject', 'CREATE INDEX ix_facts_subject ON facts (vault_id, subject)'),
    /^schema: index ix_facts_subject should be not unique on \(vault_id, user_id, .*, and is not unique on \(vault_id, subject\) of facts$/,
  ],
  [
    'an index that is not unique any more',
    sql(
      'DROP INDEX ux_memories_position',
      'CREATE INDEX ux_memories_position ON memories (vault_id, user_id, position)',
    ),
    /^schema: index ux_memories_position should be unique on .*, and is not unique on/,
  ],
  [
    'an index of fewer rows',
    sql(
      'DROP INDEX ix_memories_expires',
      'CREATE INDEX ix_memories_expires ON memories (vault_id, expires_at) WHERE expires_at IS NOT NULL AND expires_at > 5',
    ),
    /^schema: index ix_memories_expires should be .* where "expires_at" IS NOT NULL.*, and is .*> 5/,
  ],
  [
    'an index nobody asked for',
    sql('CREATE INDEX extra ON audit (vault_id, action)'),
    /^schema: index extra is not Cairn's$/,
  ],
  ['a lost table', sql('DROP TABLE imports'), /^schema: table imports is missing$/, false],
  [
    'a table of somebody else',
    sql('CREATE TABLE notes (text)'),
    /^schema: table notes is not Cairn's$/,
    false,
  ],
  [
    'a trigger',
    sql('CREATE TRIGGER t AFTER INSERT ON audit BEGIN SELECT 1; END'),
    /^schema: trigger t is not Cairn's$/,
  ],
  ['a view', sql('CREATE VIEW v AS SELECT 1'), /^schema: view v is not Cairn's$/],
  [
    'a column more',
    sql('ALTER TABLE audit ADD COLUMN extra text'),
    /^schema: column audit.extra is not Cairn's$/,
  ],
  [
    'a column that may be null',
    rebuilt('collections', 'metadata text NOT NULL', 'metadata text'),
    /^schema: column collections\.metadata should be number 4, text not null, and is number 4, text null$/,
  ],
  [
    'a column of another type',
    rebuilt('collections', 'created_at bigint', 'created_at text'),
    /^schema: column collections\.created_at should be number 5, bigint not null, and is number 5, text not null$/,
  ],
  [
    'a key that compares otherwise',
    rebuilt('users', 'user_id text', 'user_id text COLLATE NOCASE'),
    /^schema: primary key of users \(vault_id, user_id\) is missing$/,
    false,
  ],
  [
    'a key that vault_id does not lead',
    rebuilt('collections', 'PRIMARY KEY (vault_id, name)', 'PRIMARY KEY (name, vault_id)'),
    /^schema: primary key of collections \(vault_id, name\) is missing$/,
    false,
  ],
  [
    'a lost reference',
    rebuilt('vectors', /, CONSTRAINT fk_vectors_memory .*?UPDATE NO ACTION/, ''),
    /^schema: reference vectors \(vault_id, memory_id\) is missing$/,
  ],
  [
    'a reference that does not delete',
    rebuilt('vectors', 'ON DELETE CASCADE', 'ON DELETE NO ACTION'),
    /^schema: reference vectors .* should be to memories .*on delete cascade.* and is .*on delete no action/,
  ],

  // The records of migrations.
  [
    'a version that is not noted',
    sql(`DELETE FROM schema_version WHERE version = '2.0.0'`),
    /^versions: schema_version lacks 2\.0\.0$/,
  ],
  [
    'a migration that is not noted',
    sql(`DELETE FROM migrations WHERE name = '${LAST.name}'`),
    new RegExp(`^versions: migrations names ${LAST.name} not at all$`),
  ],
  [
    'a migration noted twice',
    sql(
      `INSERT INTO migrations (timestamp, name) SELECT timestamp, name FROM migrations WHERE name = '${LAST.name}'`,
    ),
    new RegExp(`^versions: migrations names ${LAST.name} 2 times$`),
  ],
  [
    'migrations out of order',
    sql('UPDATE migrations SET id = id + 100 WHERE id = (SELECT min(id) FROM migrations)'),
    /^versions: migrations does not name the migrations in their order/,
  ],

  // The counters.
  [
    'a wrong count',
    sql(`UPDATE scopes SET memory_count = memory_count + 1 WHERE ${ANA}`),
    /^counts: scopes counts \d+ memories of "ana" in vault "acme", and there are \d+$/,
  ],
  [
    'a count of nothing',
    sql(`INSERT INTO scopes VALUES ('acme', 'eve', 0, 3, 0, (SELECT max(index_version) FROM scopes), 0)`),
    /^counts: scopes counts 3 memories of "eve" in vault "acme", and there are none$/,
  ],
  [
    'no counters',
    sql(`DELETE FROM scopes WHERE vault_id = 'globex'`),
    /^counts: scopes has no row for the 70 memories of "ben" in vault "globex"$/,
    false,
  ],
  [
    'a position that is given again',
    sql(`UPDATE scopes SET next_position = 5 WHERE ${ANA}`),
    /^counts: the next position of the memories of "ana" in vault "acme" is 5, and \d+ is taken$/,
    false,
  ],
  [
    'a position before all others',
    sql(`UPDATE memories SET position = -1 WHERE ${ANA} AND id = 'one'`),
    /^counts: one of the memories of "ana" in vault "acme" has the position -1$/,
    false,
  ],

  // References.
  [
    'a vector without its memory',
    sql(`UPDATE vectors SET memory_id = 'none'`),
    /^references: the row of vectors with vault_id "acme", memory_id "none", sector "semantic", model "m" belongs to a row of memories that is not there$/,
  ],
  [
    'a waypoint from nowhere',
    sql(`UPDATE waypoints SET src_id = 'none' WHERE type = 'near'`),
    /^references: the row of waypoints with .*src_id "none".* belongs to a row of memories that is not there$/,
  ],
  [
    'a waypoint to nowhere',
    sql(`UPDATE waypoints SET dst_id = 'none' WHERE type = 'near'`),
    /^references: the row of waypoints with .*dst_id "none".* belongs to a row of memories that is not there$/,
  ],
  [
    'a version of nothing',
    sql(`UPDATE memory_versions SET memory_id = 'none'`),
    /^references: the row of memory_versions with .* belongs to a row of memories that is not there$/,
  ],
  [
    'a fact’s edge to nowhere',
    sql(`UPDATE fact_edges SET target_id = 'none'`),
    /^references: the row of fact_edges with vault_id "acme", id "e" belongs to a row of facts that is not there$/,
  ],
  [
    'memories of a vault that is not there',
    sql(`DELETE FROM vaults WHERE vault_id = 'globex'`),
    /^references: the row of memories with vault_id "globex", .* belongs to a row of vaults that is not there$/,
    false,
  ],
  [
    'a collection of a vault that is not there',
    sql(`UPDATE collections SET vault_id = 'none'`),
    /^references: collections has rows of vault "none", which is not in vaults$/,
  ],
  [
    'a vector of another owner',
    sql(`UPDATE vectors SET user_id = 'ben'`),
    /^references: the row of vectors with .* has another owner than its memory$/,
  ],
  [
    'a waypoint of another owner',
    sql(`UPDATE waypoints SET user_id = 'ben' WHERE type = 'near'`),
    /^references: the row of waypoints with .* has another owner than its memory$/,
  ],

  // The recall index.
  [
    'an index of another version',
    sql(`UPDATE scopes SET index_version = 1 WHERE ${ANA}`),
    /^index: the index has version 1, and this version writes \d+: memories of "ana" in vault "acme"$/,
  ],
  [
    'a lost block',
    sql(`DELETE FROM term_blocks WHERE ${BLOCK}`),
    /^index: no block has the positions 0 to \d+, with \d+ memories: memories of "ana" in vault "acme"$/,
    false,
  ],
  [
    'a damaged block',
    sql(`UPDATE term_blocks SET data = substr(data, 1, length(data) - 4) WHERE ${BLOCK}`),
    /^index: block 0 is damaged: memories of "ana" in vault "acme"$/,
    false,
  ],
  [
    'a block of as many slots as it has not',
    sql(`UPDATE term_blocks SET slots = slots - 1 WHERE ${BLOCK}`),
    /^index: block 0 is damaged/,
    false,
  ],
  [
    'a block of an older version',
    sql(
      `UPDATE term_blocks SET data = cast(substr(data, 1, 2) || x'0100' || substr(data, 5) AS blob) WHERE ${BLOCK}`,
    ),
    /^index: block 0 was written by an older version/,
    false,
  ],
  [
    'another text than the index has',
    sql(`UPDATE memories SET content = 'a heron by the lake' WHERE id = 'two'`),
    /^index: block \d+ has other terms or another expiry than the memory "two": memories of "ana" in vault "acme"$/,
  ],
  [
    'another expiry than the index has',
    sql(`UPDATE memories SET expires_at = 9000000000000 WHERE id = 'two'`),
    /^index: block \d+ has other terms or another expiry than the memory "two"/,
  ],
  [
    'a memory that the index still has',
    sql(
      `DELETE FROM waypoints`,
      `DELETE FROM memories WHERE id = 'two'`,
      `UPDATE scopes SET memory_count = memory_count - 1 WHERE ${ANA}`,
    ),
    /^index: block \d+ has a memory that is not there at position \d+/,
  ],
  [
    'a memory that the index lacks',
    sql(
      `INSERT INTO memories SELECT vault_id, 'back', user_id, collection, session_id, position + 1, content,
         primary_sector, sectors, tags, metadata, content_hash, salience, decay_lambda, last_seen_at, version,
         created_at, updated_at, expires_at FROM memories WHERE id = 'two'`,
      `UPDATE scopes SET memory_count = memory_count + 1 WHERE ${ANA}`,
    ),
    /^index: block \d+ does not have the memory "back"/,
  ],
  [
    'a wrong sum of terms',
    sql(`UPDATE scopes SET term_count = term_count + 1 WHERE ${ANA}`),
    /^index: scopes counts \d+ terms, and the blocks hold \d+/,
  ],
  [
    'a block at the wrong place',
    sql(`UPDATE term_blocks SET first_position = first_position + 3 WHERE ${ANA} AND block_no > 0`),
    /^index: no block has the positions/,
    false,
  ],
  [
    'positions beyond the last block',
    sql(`UPDATE scopes SET next_position = next_position + 7 WHERE ${ANA}`),
    /^index: no block has the positions \d+ to \d+, with 0 memories/,
  ],

  // How statements are carried out.
  [
    'a table that is read through',
    rebuilt('collections', /, CONSTRAINT pk_collections PRIMARY KEY \(vault_id, name\)/, ''),
    /^statements: it reads through collections \("SCAN .*"\): SELECT /,
    false,
  ],
  [
    'an index that vault_id does not lead',
    rebuilt('collections', 'PRIMARY KEY (vault_id, name)', 'PRIMARY KEY (name, vault_id)'),
    /^statements: it (reads through collections|searches collections by an index that does not begin with vault_id)/,
    false,
  ],
  [
    'an index that the planner takes for a better one',
    sql(
      'DROP INDEX ix_memories_content_hash',
      'CREATE INDEX ix_memories_content_hash ON memories (user_id, content_hash)',
    ),
    /^statements: it searches memories by an index that does not begin with vault_id \("SEARCH .*_content_hash \(user_id=/,
    false,
  ],
  [
    'a statement without its table',
    sql('DROP TABLE facts'),
    /^statements: it cannot be carried out \(no such table/,
    false,
  ],
];

describe('damage is found and named', () => {
  it.each(DAMAGES)('%s', async (_, damage, finding, alone) => {
    const path = copyOf(SOUND);
    damage(path);
    const before = sha256Of(path);
    const found = await findingsIn(path);
    expect(found).toContainEqual(expect.stringMatching(finding));
    if (alone !== false) expect(found).toHaveLength(1);
    expect(sha256Of(path)).toBe(before);
  });

  it('in one vault is found there, and not in another', async () => {
    const path = copyOf(SOUND);
    change(path, [
      `UPDATE scopes SET memory_count = 0 WHERE ${ANA}`,
      `UPDATE vectors SET memory_id = 'none'`,
    ]);
    expect(await findingsIn(path, 'acme')).toHaveLength(2);
    expect(await findingsIn(path, 'globex')).toEqual([]);
  });

  it('of the file itself', async () => {
    const path = copyOf(SOUND);
    change(path, [
      'PRAGMA writable_schema = ON',
      `UPDATE sqlite_schema SET sql = replace(sql, 'created_at', 'updated_at') WHERE name = 'ix_memories_created'`,
    ]);
    expect(await findingsIn(path)).toContainEqual(expect.stringMatching(/^integrity: /));
    const rows = copyOf(SOUND);
    const bytes = readFileSync(rows);
    const page = bytes.indexOf('an owl in the barn again');
    bytes.fill(0xff, page - (page % 4096), page - (page % 4096) + 100);
    writeFileSync(rows, bytes);
    expect((await findingsIn(rows))[0]).toMatch(/^integrity: /);
  });
});
