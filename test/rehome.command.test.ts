import 'reflect-metadata';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DataSource, EntitySchema } from 'typeorm';
import { entities } from '../src/database/entities.js';
import { checkRehomedTables } from '../src/upgrade/rehome/rehomed-tables.js';
import { runBuilt } from './harness/built.js';
import { edit } from './harness/database-editor.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { environmentOf } from './harness/migrated-database.js';
import { isPostgresUrl, onPostgres } from './harness/postgres/postgres-databases.js';
import { Random } from './harness/random.js';
import { makeHomes, memoryRow } from './harness/rehome/homes.js';
import { rehomeHere } from './harness/rehome/rehome-here.js';
import { rowsByVault, tornIn } from './harness/rehome/whole.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';

const random = new Random(randomSeed('rehome.command'));
const rehome = (place: string, ...args: string[]) => runBuilt('src/cli/rehome', args, environmentOf(place));

/** The entities of the service with their columns, read by TypeORM without a database. */
function metadataOf(more: EntitySchema[] = []) {
  const source = new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    entities: [...entities, ...more],
  });
  return source.initialize().then(async () => {
    const found = source.entityMetadatas;
    await source.destroy();
    return found;
  });
}

describe('the tables that re-homing takes along', () => {
  it('are all that have a user, with all their keys', async () => {
    expect(() => checkRehomedTables([])).not.toThrow();
    const known = await metadataOf();
    expect(known.length).toBe(entities.length);
    checkRehomedTables(known);
    const columns = {
      vault_id: { type: 'text' as const, primary: true },
      id: { type: 'text' as const, primary: true },
    };
    const added = (name: string, rest: object) =>
      metadataOf([new EntitySchema({ name, columns: { ...columns, ...rest } })]);
    for (const rest of [{ user_id: { type: 'text' } }, {}]) {
      const some = await added('badges', rest);
      expect(() => checkRehomedTables(some)).toThrow('does not know these tables: badges');
    }
    // Nor a further unique key, which could clash.
    const memories = known.find(({ tableName }) => tableName === 'memories')!;
    const index = memories.indices.find(({ isUnique }) => !isUnique)!;
    index.isUnique = true;
    expect(() => checkRehomedTables(known)).toThrow('does not know these tables: memories');
  });

  it('are looked for in the database too', async () => {
    const place = await makeHomes({ home: [{ id: 'alice', memories: 2 }] }, random);
    edit(place, (editor) =>
      editor.run('CREATE TABLE badges (vault_id text NOT NULL, user_id text NOT NULL)'),
    );
    if (isPostgresUrl(place)) edit(place, (editor) => editor.run('ALTER TABLE badges OWNER TO CURRENT_USER'));
    await expect(rehomeHere(place)).rejects.toThrow(/badges/);
  });
});

describe('npm run rehome', () => {
  it('says what it does, and proves it', async () => {
    const users = ['alice', 'bob', 'a/b', 'standby'].map((id) => ({ id, memories: 5 }));
    const place = await makeHomes(
      { 'default-vault': [...users, { id: '', memories: 3 }], 'user-standby': [{ id: 'zoe', memories: 1 }] },
      random,
      (editor) => {
        const share = { session_id: 'standup' };
        editor.insert(
          'memories',
          memoryRow('default-vault', 'alice', 9, share),
          memoryRow('default-vault', 'bob', 9, share),
        );
        editor.run("UPDATE scopes SET next_position = 10 WHERE user_id IN ('alice', 'bob')");
      },
    );
    const before = rowsByVault(place);
    const args = ['--vault', 'default-vault', '--by', 'user'];
    const dry = await rehome(place, ...args, '--dry-run');
    expect(dry).toMatchObject({ status: 1, stderr: '' });
    expect(rowsByVault(place)).toEqual(before);
    for (const line of dry.stdout.trim().split('\n')) expect(line).toMatch(/^\[DRY RUN\] /);
    expect(dry.stdout).toContain('3 of 4 users would move with');

    const real = await rehome(place, ...args);
    expect(real).toMatchObject({ status: 1, stderr: '' });
    expect(real.stdout).toContain('[REHOME] "a/b" -> user-a:2fb (the vault of "user-a/b"): memories 5,');
    expect(real.stdout).toContain(
      '[REHOME]   API keys that go on opening default-vault: 1; revoke them, and make new ones of user-a:2fb\n',
    );
    expect(real.stdout).toContain('[REHOME]   memories that stay: 1 in conversations with others\n');
    expect(real.stdout).toContain('[REHOME]   conversation "standup": "alice", "bob"\n');
    expect(real.stdout).toContain(
      '[REHOME] "standby": NOT moved, since the vault user-standby has rows already',
    );
    expect(real.stdout).toMatch(/What belongs to nobody stays in default-vault: memories 3, /);
    expect(real.stdout).toMatch(/\[REHOME\] memories: 15 rows before and after, hash [0-9a-f]+\n/);
    expect(real.stdout).toMatch(
      /\[SUCCESS\] 3 of 4 users moved with \d+ rows, 3 vaults made, 2 share something that stays, 1 NOT moved\.\n$/,
    );
    const hashes = (text: string) => text.match(/hash \w+/g);
    expect(hashes(dry.stdout)).toEqual(hashes(real.stdout));

    const map = join(tempFolder(), 'map.json');
    writeFileSync(map, '{"standby": "crew", "alice": "team", "bob": "team"}');
    const mapped = await rehome(place, ...args, '--map', map);
    expect(mapped).toMatchObject({ status: 0, stderr: '' });
    expect(rowsByVault(place).memories['default-vault']).toHaveLength(3);
    expect(tornIn(place)).toEqual([]);
    expect(auditIndex(place)).toMatchObject(SOUND);
    const none = await rehome(place, ...args);
    expect(none.stdout).toContain('[SUCCESS] There are no users in it.');
  });

  it('refuses what it cannot do', async () => {
    const place = await makeHomes({ home: [{ id: 'alice', memories: 2 }] }, random);
    const before = rowsByVault(place);
    const map = join(tempFolder(), 'map.json');
    const wrong: [string[], string?][] = [
      [[]],
      [['--vault', 'home']],
      [['--vault', 'home', '--by', 'team']],
      [['--vault', 'no vault', '--by', 'user']],
      [['--vault', 'nowhere', '--by', 'user']],
      [['--vault', 'home', '--by', 'user', '--to', 'all']],
      [['--vault', 'home', '--by', 'user', 'more']],
      [['--vault', 'home', '--by', 'user', '--map', 'nowhere.json']],
      ...['[]', '{"alice":"a b"}', '{"alice":1}', '{"":"x"}', '{"a":"x","a":"y"}', '{'].map(
        (text): [string[], string] => [['--vault', 'home', '--by', 'user', '--map', map], text],
      ),
    ];
    for (const [args, text] of wrong) {
      if (text !== undefined) writeFileSync(map, text);
      const { status, stdout, stderr } = await rehome(place, ...args);
      expect({ args, text, status, stdout }).toEqual({ args, text, status: 2, stdout: '' });
      expect(stderr).not.toMatch(/\n {4}at /);
      expect(stderr.length).toBeGreaterThan(20);
    }
    expect(rowsByVault(place)).toEqual(before);
  });

  it('needs no more memory where there is more to move', async () => {
    const measure = async (memories: number) => {
      const place = await makeHomes({ home: [{ id: 'alice', memories }] }, random, (editor) => {
        editor.run('UPDATE memory_versions SET content = ?', 'long '.repeat(6000));
      });
      const { stdout, stderr } = await runBuilt(
        'test/harness/rehome/rehome-and-measure',
        ['home'],
        environmentOf(place),
      );
      expect(rowsByVault(place).memories['user-alice'], stderr).toHaveLength(memories);
      return Number(stdout);
    };
    // Up to the first the caches of the database fill.
    const [few, many] = onPostgres ? [4_000, 10_000] : [10_000, 25_000];
    const [first, second] = [await measure(few), await measure(many)];
    console.log(
      `Memory of a re-homing: ${first} MB for ${few} memories, ${second} MB for ${many}, each with 6 kB`,
    );
    expect(second - first).toBeLessThan(((many - few) * 6) / 1000 - 10);
  });
});
