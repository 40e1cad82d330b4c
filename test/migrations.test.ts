import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { DataSource } from 'typeorm';
import { describe, expect, it } from 'vitest';
import { steps } from '../migrations/chain.js';
import { entities } from '../src/database/entities.js';
import { fingerprint } from '../src/upgrade/fingerprint.js';
import { migrateDatabase } from '../src/upgrade/migrate-database.js';
import { plainDataSource } from '../src/upgrade/plain-data-source.js';
import { constraintNames, readCatalog } from './harness/catalog.js';
import { storeMultiUserRows } from './harness/multi-user-rows.js';
import { tempFolder } from './harness/temp-folder.js';

const newFile = () => join(tempFolder(), 'cairn.sqlite');

function inDatabase<T>(path: string, fn: (database: Database.Database) => T): T {
  const database = new Database(path);
  try {
    return fn(database);
  } finally {
    database.close();
  }
}

const catalogOf = (path: string) => inDatabase(path, readCatalog);
const OUR_RECORDS = ['migrations', 'schema_version'];

describe('the chain', () => {
  it('gives an empty database the schema of the entities: TypeORM finds nothing to change', async () => {
    const path = newFile();
    await migrateDatabase({ path });
    const dataSource = await plainDataSource(path).initialize();
    try {
      const { upQueries, downQueries } = await dataSource.driver.createSchemaBuilder().log();
      expect(upQueries.map(({ query }) => query)).toEqual([]);
      expect(downQueries.map(({ query }) => query)).toEqual([]);
    } finally {
      await dataSource.destroy();
    }
  });

  it('makes columns, keys and indexes in the order of the entities, under their names', async () => {
    const migrated = newFile();
    await migrateDatabase({ path: migrated });
    const synchronised = newFile();
    const dataSource = await new DataSource({
      type: 'better-sqlite3',
      database: synchronised,
      entities,
      synchronize: true,
    }).initialize();
    const names = dataSource.entityMetadatas.map((entity) => ({
      table: entity.tableName,
      constraints: [
        ...new Set([
          ...entity.primaryColumns.map((column) => column.primaryKeyConstraintName!),
          ...entity.foreignKeys.map(({ name }) => name),
        ]),
      ].sort(),
    }));
    await dataSource.destroy();

    const actual = catalogOf(migrated);
    for (const table of OUR_RECORDS) delete actual[table];
    expect(actual).toEqual(catalogOf(synchronised));
    inDatabase(migrated, (database) => {
      for (const { table, constraints } of names)
        expect(constraintNames(database, table)).toEqual(constraints);
    });
  });

  it('puts vault_id first: in every table, key, index and reference, without a default', async () => {
    const path = newFile();
    await migrateDatabase({ path });
    const catalog = catalogOf(path) as Record<
      string,
      {
        columns: { name: string; notnull: number; dflt_value: unknown; pk: number }[];
        indexes: { columns: string[] }[];
        foreignKeys: string[];
      }
    >;
    const tables = Object.entries(catalog).filter(([name]) => !OUR_RECORDS.includes(name));
    expect(tables).toHaveLength(18);
    for (const [, { columns, indexes, foreignKeys }] of tables) {
      expect(columns[0]).toMatchObject({ name: 'vault_id', notnull: 1, dflt_value: null, pk: 1 });
      for (const index of indexes) expect(index.columns[0]).toBe('vault_id');
      for (const key of foreignKeys) {
        const [first] = JSON.parse(key) as { from: string; to: string; on_delete: string }[];
        expect(first).toMatchObject({ from: 'vault_id', to: 'vault_id' });
        expect(['CASCADE', 'NO ACTION']).toContain(first.on_delete);
      }
    }
  });

  it('has SQLite find what leads to a memory by its index, however few waypoints it has seen', async () => {
    const path = newFile();
    await migrateDatabase({ path });
    inDatabase(path, (database) => {
      const plan = (sql: string) =>
        (database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all('v', 'm') as { detail: string }[])
          .map(({ detail }) => detail)
          .filter((detail) => detail.includes('waypoints'));
      const found = 'SEARCH waypoints USING INDEX ix_waypoints_dst (vault_id=? AND dst_id=?)';
      expect(plan('SELECT * FROM waypoints WHERE vault_id = ? AND dst_id = ?')).toEqual([found]);
      // The two references of a waypoint to its ends.
      expect(plan('DELETE FROM memories WHERE vault_id = ? AND id = ?')).toEqual([
        found,
        'SEARCH waypoints USING PRIMARY KEY (vault_id=? AND src_id=?)',
      ]);
    });
  });

  it('walks back step by step, and forth again, through the very same schemas', async () => {
    const path = newFile();
    const up: unknown[] = [];
    for (const { version } of steps) {
      await migrateDatabase({ path, to: version });
      up.push(catalogOf(path));
    }
    for (let i = steps.length - 1; i >= 0; i--) {
      expect(catalogOf(path)).toEqual(up[i]);
      expect((await migrateDatabase({ path, direction: 'revert' })).steps).toEqual([steps[i]]);
    }
    expect(catalogOf(path)).toEqual({});
    expect(await migrateDatabase({ path, direction: 'revert' })).toMatchObject({
      steps: [],
      version: 'none',
    });
    await migrateDatabase({ path });
    expect(catalogOf(path)).toEqual(up.at(-1));
  });

  it('does not walk back over rows: it says which, and changes nothing', async () => {
    const path = newFile();
    await migrateDatabase({ path, to: '2.0.0' });
    const state = () =>
      inDatabase(path, (database) => ({
        schema: database.prepare('SELECT type, name, sql FROM sqlite_schema ORDER BY name').all(),
        rows: [...fingerprint(database)],
        versions: database.prepare('SELECT * FROM schema_version').all(),
        migrations: database.prepare('SELECT * FROM migrations').all(),
      }));
    inDatabase(path, (database) => {
      database.exec(`INSERT INTO vaults VALUES ('acme', 'acme', 'active', 0, 1, 1, NULL)`);
      database.exec(
        `INSERT INTO users VALUES ('acme', 'u1', 'Likes tea.', 0, 3, 1, 1), ('acme', 'u2', NULL, 1, 0, 1, 1)`,
      );
    });
    const before = state();
    await expect(migrateDatabase({ path, direction: 'revert' })).rejects.toThrow(
      /2\.0\.0 - Vaults cannot be taken back.*vaults \(1 row\), users \(2 rows\)/,
    );
    expect(state()).toEqual(before);
  });

  it('walks back over rows where the former schema holds them: each is what it was', async () => {
    const path = newFile();
    await migrateDatabase({ path, to: '2.0.0' });
    const users = () => inDatabase(path, (database) => database.prepare('SELECT * FROM users').all());
    inDatabase(path, (database) => {
      database.exec(`INSERT INTO vaults VALUES ('acme', 'acme', 'active', 0, 1, 1, NULL)`);
      database.exec(
        `INSERT INTO users VALUES ('acme', 'u1', 'Likes tea.', 0, 3, 1, 2), ('acme', 'u2', NULL, 0, 0, 1, 1),
           ('acme', 'u3', 'Mine.', 1, 0, 1, 1), ('acme', 'u4', 'User profile initializing...', 0, 0, 1, 1)`,
      );
    });
    const before = users();
    await migrateDatabase({ path, to: '2.1.0' });
    expect(users()).toMatchObject([
      { user_id: 'u1', summary: 'Likes tea.', summary_manual: 0, summary_stale: 0, summary_at: 2 },
      { user_id: 'u2', summary: null, summary_manual: 0, summary_stale: 1, summary_at: null },
      { user_id: 'u3', summary: 'Mine.', summary_manual: 1, summary_stale: 0, summary_at: 1 },
      { user_id: 'u4', summary_manual: 0, summary_stale: 1, summary_at: null },
    ]);
    await migrateDatabase({ path, direction: 'revert' });
    expect(users()).toEqual(before);
  });

  it('keeps schema_version in step with what TypeORM has recorded', async () => {
    const path = newFile();
    const versions = () =>
      inDatabase(path, (database) => database.prepare('SELECT version FROM schema_version').pluck().all());
    for (const [i, { version }] of steps.entries()) {
      await migrateDatabase({ path, to: version });
      expect(versions()).toEqual(steps.slice(0, i + 1).map((step) => step.version));
    }
    const [first] = inDatabase(path, (database) => database.prepare('SELECT * FROM schema_version').all());
    await migrateDatabase({ path, direction: 'revert' });
    expect(versions()).toEqual(steps.slice(0, -1).map(({ version }) => version));
    expect(inDatabase(path, (database) => database.prepare('SELECT * FROM schema_version').get())).toEqual(
      first,
    );
  });
});

describe('rows from before there were vaults', () => {
  it('come into default-vault, each accounted for', async () => {
    const path = newFile();
    await migrateDatabase({ path, to: '1.2.0' });
    inDatabase(path, storeMultiUserRows);
    await migrateDatabase({ path });
    inDatabase(path, (database) => {
      const all = (sql: string) => database.prepare(sql).all();
      expect(all('SELECT vault_id, status, share_unowned FROM vaults')).toEqual([
        { vault_id: 'default-vault', status: 'active', share_unowned: 1 },
      ]);
      expect(
        all('SELECT id, user_id, position, sectors, tags, metadata, version FROM memories ORDER BY id'),
      ).toEqual([
        {
          id: 'a1',
          user_id: 'alice',
          position: 0,
          sectors: '["semantic","emotional","episodic"]',
          tags: '["x"]',
          metadata: '{"a": 1}',
          version: 3,
        },
        {
          id: 'a2',
          user_id: 'alice',
          position: 1,
          sectors: '["episodic"]',
          tags: '[]',
          metadata: '{}',
          version: 1,
        },
        {
          id: 'n1',
          user_id: '',
          position: 0,
          sectors: '["episodic"]',
          tags: '[]',
          metadata: '{}',
          version: 1,
        },
      ]);
      const content = database
        .prepare(`SELECT content FROM memories WHERE id = 'a1'`)
        .pluck()
        .get() as string;
      expect(content).toBe('Grüße, 世界\n"quoted"');
      expect(database.prepare(`SELECT content_hash FROM memories WHERE id = 'a1'`).pluck().get()).toBe(
        createHash('sha256').update(content, 'utf8').digest('hex'),
      );
      expect(
        all('SELECT user_id, next_position, memory_count, index_version FROM scopes ORDER BY user_id'),
      ).toEqual([
        { user_id: '', next_position: 1, memory_count: 1, index_version: 0 },
        { user_id: 'alice', next_position: 2, memory_count: 2, index_version: 0 },
      ]);
      expect(all('SELECT memory_id, sector, user_id, dim FROM vectors ORDER BY sector')).toEqual([
        { memory_id: 'a1', sector: 'emotional', user_id: 'alice', dim: 1 },
        { memory_id: 'a1', sector: 'episodic', user_id: 'alice', dim: 1 },
        { memory_id: 'a1', sector: 'semantic', user_id: 'alice', dim: 1 },
      ]);
      expect(all('SELECT src_id, dst_id, user_id, weight FROM waypoints')).toEqual([
        { src_id: 'a1', dst_id: 'a2', user_id: 'alice', weight: 0.5 },
      ]);
      expect(all('SELECT user_id, summary, summary_manual FROM users')).toEqual([
        { user_id: 'alice', summary: 'Likes tea.', summary_manual: 0 },
      ]);
      expect(all('SELECT type, count, ts FROM stats ORDER BY count')).toEqual([
        { type: 'decay', count: 7, ts: 5 },
        { type: 'decay', count: 8, ts: 5 },
      ]);
      const legacy = all(
        `SELECT source_table, reason, user_id, memory_id, data FROM legacy_rows
         WHERE source_table NOT IN ('memories.columns', 'sqlite_schema') ORDER BY source_table, reason`,
      );
      expect(legacy).toEqual([
        {
          source_table: 'embed_logs',
          reason: 'a log that nothing reads',
          user_id: '',
          memory_id: null,
          data: '{"id":"l1","model":"m","status":"ok","ts":1,"err":null}',
        },
        {
          source_table: 'vectors',
          reason: 'its memory is missing',
          user_id: '',
          memory_id: null,
          data: '{"id":"gone","sector":"semantic","v":{"$blob":"AACAPw=="},"dim":1,"user_id":null}',
        },
        {
          source_table: 'waypoints',
          reason: 'a memory at one of its ends is missing',
          user_id: 'alice',
          memory_id: 'a2',
          data: '{"src_id":"a2","dst_id":"gone","user_id":"alice","weight":0.25,"created_at":1,"updated_at":1}',
        },
        {
          source_table: 'waypoints',
          reason: 'there is such an edge already',
          user_id: 'alice',
          memory_id: 'a1',
          data: '{"src_id":"a1","dst_id":"a2","user_id":"bob","weight":0.75,"created_at":1,"updated_at":1}',
        },
      ]);
      expect(
        all(`SELECT memory_id, data FROM legacy_rows WHERE source_table = 'memories.columns' ORDER BY id`),
      ).toEqual([
        { memory_id: 'a1', data: '{"id":"a1","segment":0,"feedback_score":0.0}' },
        { memory_id: 'a2', data: '{"id":"a2","tags":null,"meta":null,"segment":0,"feedback_score":0.0}' },
        {
          memory_id: 'n1',
          data:
            '{"id":"n1","tags":null,"meta":null,"created_at":null,"updated_at":null,"last_seen_at":null,' +
            '"salience":null,"decay_lambda":null,"version":null,"segment":0,"feedback_score":0.0}',
        },
      ]);
      expect(database.pragma('foreign_key_check')).toEqual([]);
    });
  });

  it('do not share what has no owner when everything has one', async () => {
    const path = newFile();
    await migrateDatabase({ path, to: 'users' });
    inDatabase(path, (database) => {
      storeMultiUserRows(database);
      database.exec(`DELETE FROM memories WHERE user_id IS NULL`);
    });
    await migrateDatabase({ path });
    expect(
      inDatabase(path, (database) => database.prepare('SELECT share_unowned FROM vaults').pluck().get()),
    ).toBe(0);
  });
});

describe('the keys of the schema', () => {
  const stored = `INSERT INTO memories (vault_id, id, user_id, position, content, primary_sector, sectors, tags,
    metadata, content_hash, salience, decay_lambda, last_seen_at, version, created_at, updated_at) VALUES `;
  const memory = (vault: string, id: string, position: number) =>
    `('${vault}', '${id}', 'u', ${position}, 'c', 'semantic', '[]', '[]', '{}', 'h', 1, 0.1, 1, 1, 1, 1)`;

  it('let two vaults hold the same id, and no reference cross from one to the other', async () => {
    const path = newFile();
    await migrateDatabase({ path });
    inDatabase(path, (database) => {
      for (const vault of ['a', 'b']) {
        database.exec(`INSERT INTO vaults VALUES ('${vault}', '${vault}', 'active', 0, 1, 1, NULL)`);
        database.exec(stored + memory(vault, 'same', 0));
      }
      database.exec(stored + memory('b', 'only-b', 1));
      const edge = (vault: string, to: string) =>
        database.exec(`INSERT INTO waypoints VALUES ('${vault}', 'same', '${to}', 't', 'u', 1, '{}', 1, 1)`);
      edge('b', 'only-b');
      expect(() => edge('a', 'only-b')).toThrow(/FOREIGN KEY/);
      expect(() => database.exec(stored + memory('a', 'another', 0))).toThrow(/UNIQUE.*position/);
      expect(() => database.exec(`DELETE FROM vaults WHERE vault_id = 'a'`)).toThrow(/FOREIGN KEY/);
      database.exec(`DELETE FROM memories WHERE vault_id = 'a'`);
      expect(database.prepare('SELECT count(*) FROM waypoints').pluck().get()).toBe(1);
      database.exec(`DELETE FROM memories WHERE vault_id = 'b' AND id = 'only-b'`);
      expect(database.prepare('SELECT count(*) FROM waypoints').pluck().get()).toBe(0);
    });
  });
});
