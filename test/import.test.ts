import 'reflect-metadata';
import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readData } from '../src/upgrade/import/ledger-row.js';
import { TestService } from './harness/app.js';
import { runBuilt } from './harness/built.js';
import { DatabaseView } from './harness/database-view.js';
import { importHere, undoHere } from './harness/import/import-here.js';
import { importedState } from './harness/import/imported-state.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { copyOf, emptyDatabase, environmentOf, migratedDatabase } from './harness/migrated-database.js';
import { onPostgres } from './harness/postgres/postgres-databases.js';
import { tempFolder } from './harness/temp-folder.js';

/** A file for the running test. */
function file(content: string | Buffer, name = 'export.jsonl'): string {
  const path = join(tempFolder(), name);
  writeFileSync(path, content);
  return path;
}

const lines = (...records: unknown[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

const run = (place: string, ...args: string[]) =>
  // In production without credentials: the command needs the database alone.
  runBuilt('src/cli/import', args, { ...environmentOf(place), NODE_ENV: 'production' });

function rowsOf<Row = Record<string, unknown>>(place: string, sql: string): Row[] {
  const view = new DatabaseView(place);
  const rows = view.all<Row>(sql);
  view.close();
  return rows;
}

const ledger = (place: string) =>
  rowsOf<{ source_table: string; reason: string; data: string; memory_id: string | null; user_id: string }>(
    place,
    'SELECT * FROM legacy_rows',
  )
    .map((row) => ({ ...row, ...readData(row.data) }))
    .sort((a, b) => a.head.ordinal - b.head.ordinal);

const ANA = {
  ...{ id: 'm-1', user_id: 'ana', content: 'Ana prefers window seats on night trains.', tags: ['travel'] },
  ...{
    session_id: 's-1',
    collection: 'trips',
    primary_sector: 'semantic',
    sectors: ['semantic', 'emotional'],
  },
  ...{ metadata: { lang: 'en' }, salience: 0.9, version: 3, score: 0.5 },
  ...{ created_at: 1_700_000_000_000, updated_at: 1_700_000_100_000, last_seen_at: 1_700_000_200_000 },
};

describe('an import', () => {
  it('keeps times, users and all that there is a place for, and is found by searches', async () => {
    const place = await migratedDatabase();
    const report = await importHere(place, 'jsonl', file(lines(ANA, { ...ANA, id: 'm-2', user_id: 'ben' })));
    expect(report.vaults).toMatchObject([{ vaultId: 'acme', fresh: 2, problems: [] }]);
    const service = await TestService.start({}, place);
    const ana = service.as('acme', 'ana');
    const found = await ana.post('/v1/memories/search', { query: 'window seats' });
    const { score, user_id, ...rest } = ANA;
    expect(found.body).toMatchObject({
      results: [{ ...rest, salience: expect.any(Number) as number, user_id, expires_at: null }],
    });
    void score;
    expect((await ana.get('/v1/stats')).body).toMatchObject({ memories: 1 });
    expect((await ana.get('/v1/users/ana')).status).toBe(200);
    // A user of another vault sees nothing of it.
    expect((await service.as('globex', 'ana').get('/v1/memories/m-1')).status).toBe(404);
    expect((await service.as('acme', 'ben').get('/v1/memories/m-1')).status).toBe(404);
    await service.stop();
    expect(auditIndex(place)).toMatchObject({ ...SOUND, memories: 2 });
  });

  it('keeps every row to the letter, whatever has become of it', async () => {
    const place = await migratedDatabase();
    const written = [
      '{"id":"a","content":"One 🦊","metadata":{"n":12345678901234567890,"n":1.50,"__proto__":{}},"x":1e400}',
      '{"id":"a","content":"One 🦊","metadata":{"n":12345678901234567890,"n":1.50,"__proto__":{}},"x":1e400}',
      '{"id":"a","content":"Two"}',
      '{"content":"No id"}',
      '{"content":"No id"}',
      '{"id":12345678901234567890,"content":"nul \\u0000 and half \\ud83e","user_id":7}',
      '{"content":"of nobody that can be","user_id":"\\u0000"}',
      '{"content":17}',
      '[]',
      '"text"',
      '{"content":',
    ];
    await importHere(place, 'jsonl', file(`\ufeff${written.join('\r\n\r\n')}`));
    const kept = ledger(place);
    expect(
      kept.map(({ text, head }) => (head.status === 'quarantined' && text.startsWith('{"text"') ? '' : text)),
    ).toEqual([...written.slice(0, 8), written[9], '']);
    expect(kept.map(({ reason }) => reason.replace(/: when it was.*/, ''))).toEqual([
      'imported',
      'kept: the same row is there already',
      'quarantined: a row with its id and another content is there already',
      ...['imported', 'imported', 'imported'],
      'quarantined: its user is not 1 to 256 characters of well-formed text without U+0000',
      'quarantined: it has no text',
      'quarantined: it is no JSON object',
      'quarantined: it is not JSON',
    ]);
    expect(kept[9].text).toBe('{"text":"{\\"content\\":"}');
    const nul = onPostgres ? '\ufffd' : '\u0000';
    expect(
      rowsOf(place, 'SELECT id, user_id, content, metadata FROM memories ORDER BY content'),
    ).toMatchObject([
      { content: 'No id' },
      { content: 'No id' },
      {
        id: 'a',
        metadata: '{"n":12345678901234567890,"n":1.50,"__proto__":{},"jsonl":{"x":1e400}}',
      },
      { id: '12345678901234567890', user_id: '7', content: `nul ${nul} and half \ufffd` },
    ]);
    expect(auditIndex(place)).toMatchObject({ ...SOUND, memories: 4 });
  });

  it('of the same file adds nothing the second time, nor of a later one that has its rows too', async () => {
    const place = await migratedDatabase();
    const records = Array.from({ length: 450 }, (_, i) => ({
      ...{ id: `m-${i}`, content: `Memory ${i % 7}`, user_id: `u${i % 3}`, session_id: `s${i % 5}` },
      created_at: 1_700_000_000_000 + i,
    }));
    const path = file(lines(...records));
    await importHere(place, 'jsonl', path, { rowsAtOnce: 100 });
    const before = importedState(place);
    const again = await importHere(place, 'jsonl', path);
    expect(again.vaults).toMatchObject([{ fresh: 0, problems: [] }]);
    expect(importedState(place)).toEqual(before);
    // No two are taken for one because they say the same.
    expect(before.memories).toHaveLength(450);

    const later = await importHere(place, 'jsonl', file(lines(...records, { ...records[0], id: 'new' })));
    expect(later.vaults[0].counts.tables).toEqual({ memories: { imported: 1, kept: 450, quarantined: 0 } });
    expect(importedState(place).memories).toHaveLength(451);
    const [first] = before.imports.map((row) => /jsonl-\w+/.exec(row)![0]);
    await expect(undoHere(place, first)).rejects.toThrow(/undo that one first/);
    expect(importedState(place).memories).toHaveLength(451);
    // What another import brought stays where this one goes.
    expect(await undoHere(place, later.importId)).toEqual({ memories: 1, changed: 0, others: 0 });
    expect(importedState(place).memories).toHaveLength(450);
    expect(importedState(place).legacy_rows).toEqual(before.legacy_rows);
  });

  it('takes nothing of what the vault has', async () => {
    const place = await migratedDatabase();
    const service = await TestService.start({}, place);
    const ben = service.as('acme', 'ben');
    await ben.post('/v1/memories', { id: 'm-1', content: 'Ben’s own' });
    await service.stop();
    await importHere(place, 'jsonl', file(lines(ANA)));
    expect(rowsOf(place, 'SELECT id, user_id, content FROM memories ORDER BY id')).toEqual([
      { id: 'jsonl:memories:m-1', user_id: 'ana', content: ANA.content },
      { id: 'm-1', user_id: 'ben', content: 'Ben’s own' },
    ]);
  });

  it('can be undone, and then done again', async () => {
    const place = await migratedDatabase();
    await importHere(place, 'jsonl', file(lines({ ...ANA, id: 'other', user_id: 'carl' })));
    const before = importedState(place);
    const path = file(
      lines(
        ...[ANA, { ...ANA, id: 'm-2', user_id: '' }, { content: 'of carl', user_id: 'carl' }],
        { user_id: 'dora', summary: 'Likes trains.' },
        { id: 'f', subject: 'ana', predicate: 'likes', object: 'trains', valid_from: 5 },
      ),
      'facts.jsonl',
    );
    const { importId, vaults } = await importHere(place, 'jsonl', path);
    expect(vaults[0].counts.tables).toEqual({ memories: { imported: 5, kept: 0, quarantined: 0 } });
    const during = importedState(place);
    expect([during.facts.length, during.users.length]).toEqual([1, 3]);
    expect(await undoHere(place, importId)).toEqual({ memories: 3, changed: 0, others: 3 });
    const { term_blocks, scopes, stats, ...rest } = importedState(place);
    void [term_blocks, scopes, stats];
    for (const [table, rows] of Object.entries(rest)) expect([table, rows]).toEqual([table, before[table]]);
    expect(auditIndex(place)).toMatchObject({ ...SOUND, memories: 1 });
    await importHere(place, 'jsonl', path);
    expect(importedState(place).memories).toHaveLength(4);
  });

  it('tells how many memories were changed when it is undone', async () => {
    const place = await migratedDatabase();
    const { importId } = await importHere(
      place,
      'jsonl',
      file(lines(ANA, { ...ANA, id: 'b' }, { content: 'c' })),
    );
    const service = await TestService.start({}, place);
    const changed = await service.as('acme', 'ana').patch('/v1/memories/b', { content: 'Changed' });
    expect(changed.status).toBe(200);
    await service.stop();
    expect(await undoHere(place, importId)).toEqual({ memories: 3, changed: 1, others: 1 });
  });

  it('keeps what had expired, and never serves it', async () => {
    const place = await migratedDatabase();
    const soon = Date.now() + 3_600_000;
    await importHere(
      place,
      'jsonl',
      file(lines({ ...ANA, expires_at: 5 }, { ...ANA, id: 'b', expires_at: soon })),
    );
    expect(ledger(place).map(({ reason }) => reason)).toEqual(['kept: it has expired', 'imported']);
    expect(rowsOf(place, 'SELECT id, expires_at FROM memories')).toEqual([{ id: 'b', expires_at: soon }]);
  });

  it('goes with its user', async () => {
    const place = await migratedDatabase();
    await importHere(
      place,
      'jsonl',
      file(lines(ANA, { id: 'm-1', content: 'again', user_id: 'ana' }, { ...ANA, id: 'b', user_id: 'ben' })),
    );
    const service = await TestService.start({}, place);
    expect((await service.as('acme', 'ana').delete('/v1/users/ana')).status).toBeLessThan(300);
    await service.stop();
    expect(ledger(place).map(({ user_id }) => user_id)).toEqual(['ben']);
    const view = new DatabaseView(place);
    expect(view.all("SELECT 1 FROM legacy_rows WHERE data LIKE '%night trains%'")).toHaveLength(1);
    view.close();
  });
});

describe('npm run import', () => {
  const both = lines(ANA, { nothing: 1 });

  it('says what it did, lists it, and takes it back', async () => {
    const place = await migratedDatabase();
    const path = file(both);
    const first = await run(place, '--from', 'jsonl', path, '--vault', 'acme');
    expect([first.status, first.stderr]).toEqual([0, '']);
    expect(first.stdout).toMatch(/^\[IMPORT\] Import (jsonl-[0-9a-f]{16})$/m);
    expect(first.stdout).toMatch(
      /memories: 2 rows, 1 imported, 0 kept, 1 quarantined\n\[IMPORT\] {5}1: it has no text/,
    );
    expect(first.stdout).toMatch(/\[SUCCESS\] 2 rows, 1 imported, 0 kept, 1 quarantined\.\n$/);
    const [, importId] = /(jsonl-\w+)/.exec(first.stdout)!;
    const again = await run(place, '--from', 'jsonl', path, '--vault', 'acme');
    expect(again).toMatchObject({ status: 0, stderr: '' });
    expect(again.stdout).toMatch(/\[SUCCESS\] Nothing is new: it was imported before/);
    const listed = await run(place, '--status');
    expect(listed.stdout).toMatch(
      new RegExp(`^${importId} {2}done .* vault acme {2}export.jsonl: 2 rows, 1 imported`),
    );
    const undone = await run(place, '--undo', importId);
    expect(undone).toMatchObject({ status: 0, stderr: '' });
    expect(undone.stdout).toMatch(/Vault acme: 1 memory taken away; 1 other row\n\[SUCCESS\]/);
    expect((await run(place, '--status', '--vault', 'acme')).stdout).toBe('There are no imports.\n');
    expect(importedState(place)).toMatchObject({ memories: [], legacy_rows: [], imports: [], users: [] });
  });

  it('can be tried without changing anything', async () => {
    const place = await migratedDatabase();
    const before = importedState(place);
    const { status, stdout, stderr } = await run(place, '--from', 'jsonl', file(both), '--dry-run');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^\[DRY RUN\] {3}memories: 2 rows, 1 imported/m);
    expect(stdout).toMatch(/\[DRY RUN\] Nothing was changed/);
    expect(stdout).not.toMatch(/\[(IMPORT|SUCCESS)\]/);
    expect(importedState(place)).toEqual(before);
  });

  it('refuses what cannot be imported, and changes nothing', async () => {
    const place = await migratedDatabase();
    const before = importedState(place);
    const folder = join(tempFolder(), 'folder');
    mkdirSync(folder);
    const cut = file(JSON.stringify([ANA, ANA]), 'cut.json');
    truncateSync(cut, 300);
    const from = (path: string, system = 'jsonl') => ['--from', system, path];
    const cases: [args: string[], complaint: RegExp][] = [
      [[], /One of --from, --status and --undo/],
      [['--from', 'jsonl'], /Which file/],
      [['--from', 'letta', file(both)], /--from must be one of/],
      [[...from(file(both)), '--status'], /One of --from/],
      [[...from(file(both)), '--vault', 'no vault'], /--vault must be/],
      [['--status', '--dry-run'], /--dry-run goes with --from/],
      [['--undo', 'jsonl-0123456789abcdef'], /\[ERROR\] There is no import/],
      [from('/there/is/none'), /\[ERROR\] There is no file/],
      [from(folder), /is no file/],
      [from(file('')), /is empty/],
      [from(cut), /breaks off/],
      [from(file('id,text\n1,hello\n')), /does not look like an export of jsonl.*it is not JSON/],
      [from(file(lines({ title: 'x' }))), /does not look like an export/],
      [from(file(Buffer.from('SQLite format 3\u0000'))), /is an SQLite database.*migration:run/],
      [from(file(Buffer.from([0x1f, 0x8b, 8]))), /is compressed/],
      [from(file(Buffer.from('\ufeff[{"content":"x"}]', 'utf16le'))), /does not look like/],
    ];
    for (const [args, complaint] of cases) {
      const { status, stdout, stderr } = await run(place, ...args);
      expect([args, status, stdout]).toEqual([args, 2, '']);
      expect(stderr).toMatch(complaint);
    }
    expect(importedState(place)).toEqual(before);
    const absent = emptyDatabase();
    expect(await run(absent, ...from(file(both)))).toMatchObject({ status: 2 });
  }, 600_000);

  it('leaves a vault alone that is closed', async () => {
    const place = await migratedDatabase();
    await importHere(place, 'jsonl', file(lines({ ...ANA, id: 'x' })));
    const other = copyOf(place);
    const view = new DatabaseView(other, true);
    if (onPostgres) view.all("UPDATE vaults SET status = 'suspended' RETURNING 1");
    else view.all("UPDATE vaults SET status = 'suspended' RETURNING vault_id");
    view.close();
    const { status, stderr } = await run(other, '--from', 'jsonl', file(both), '--vault', 'acme');
    expect(status).toBe(1);
    expect(stderr).toMatch(/The vault acme is suspended/);
    expect(importedState(other).memories).toEqual(importedState(place).memories);
  });
});

describe('beside a service', () => {
  it('an import and its undoing keep nobody from writing, and lose nothing of it', async () => {
    const place = await migratedDatabase();
    const service = await TestService.start({}, place);
    const ana = service.as('acme', 'ana');
    const path = file(
      lines(
        ...Array.from({ length: 3_000 }, (_, i) => ({
          id: `m-${i}`,
          content: `Memory ${i}`,
          user_id: 'ana',
        })),
      ),
    );
    const statuses = new Set<number>();
    let written = 0;
    const whileRunning = async (work: Promise<{ status: number | null; stdout: string }>) => {
      let running = true;
      const done = work.finally(() => (running = false));
      while (running) {
        statuses.add((await ana.post('/v1/memories', { content: `Owl ${written}` })).status);
        written += 1;
      }
      return done;
    };
    const { status, stdout } = await whileRunning(run(place, '--from', 'jsonl', path, '--vault', 'acme'));
    expect(status).toBe(0);
    expect(rowsOf(place, 'SELECT count(*) AS n FROM memories')).toEqual([{ n: 3_000 + written }]);
    const [, importId] = /Import (\S+)/.exec(stdout)!;
    expect((await whileRunning(run(place, '--undo', importId))).status).toBe(0);
    await service.stop();
    expect([...statuses]).toEqual([201]);
    expect(rowsOf(place, 'SELECT count(*) AS n FROM memories')).toEqual([{ n: written }]);
    expect(auditIndex(place)).toMatchObject({ ...SOUND, memories: written });
  });
});
