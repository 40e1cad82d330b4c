import type Database from 'better-sqlite3';

/** Rows of a store with users and without vaults (version 1.2.0), dangling and doubled ones among them. */
export function storeMultiUserRows(database: Database.Database): void {
  const memory = database.prepare(
    `INSERT INTO memories (id, content, primary_sector, tags, meta, created_at, updated_at, last_seen_at, salience,
       decay_lambda, version, user_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  memory.run('a2', 'second', 'episodic', null, null, 20, 20, 20, 0.5, 0.01, 1, 'alice');
  memory.run(
    'a1',
    'Grüße, 世界\n"quoted"',
    'semantic',
    '["x"]',
    '{"a": 1}',
    10,
    30,
    40,
    0.25,
    0.02,
    3,
    'alice',
  );
  memory.run('n1', 'nobody’s', 'episodic', null, null, null, null, null, null, null, null, null);
  const vector = database.prepare('INSERT INTO vectors (id, sector, v, dim, user_id) VALUES (?, ?, ?, 1, ?)');
  const one = Buffer.from(new Float32Array([1]).buffer);
  for (const sector of ['semantic', 'episodic', 'emotional']) vector.run('a1', sector, one, 'alice');
  vector.run('gone', 'semantic', one, null);
  database.exec(`
    INSERT INTO waypoints VALUES ('a1', 'a2', 'alice', 0.5, 1, 1), ('a1', 'a2', 'bob', 0.75, 1, 1),
                                 ('a2', 'gone', 'alice', 0.25, 1, 1);
    INSERT INTO users VALUES ('alice', 'Likes tea.', 2, 1, 1);
    INSERT INTO stats (type, count, ts) VALUES ('decay', 7, 5), ('decay', 8, 5);
    INSERT INTO embed_logs VALUES ('l1', 'm', 'ok', 1, NULL);
  `);
}
