import 'reflect-metadata';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readData } from '../src/upgrade/import/ledger-row.js';
import { runBuilt } from './harness/built.js';
import { DatabaseView } from './harness/database-view.js';
import { recordFigure } from './harness/figures.js';
import { type Here, importHere, undoHere } from './harness/import/import-here.js';
import { importedState } from './harness/import/imported-state.js';
import {
  DUMP_FORMS,
  LEVELS,
  type McpRows,
  dumpOf,
  rowsAt,
  schemaAt,
  writeDump,
} from './harness/import/memory-mcp-dump.js';
import { mcpRows, vectorText } from './harness/import/memory-mcp-rows.js';
import { SOUND, auditIndex } from './harness/index-audit.js';
import { copyOf, environmentOf, migratedDatabase } from './harness/migrated-database.js';
import { Random } from './harness/random.js';
import { randomSeed } from './harness/seed.js';
import { tempFolder } from './harness/temp-folder.js';

const seed = randomSeed('import.memory-mcp');
const UNICODE = 'mcp-:e9:a1:b9:e7:9b:ae-na:c3:afve';
const VAULTS = [UNICODE, 'mcp-acme', 'mcp-default'];
const ms = (minute: number) => Date.UTC(2025, 2, 1, 10, minute);

const importMcp = (place: string, file: string, here: Here = {}) =>
  importHere(place, 'memory-mcp', file, here);
const dumpFile = (...of: Parameters<typeof dumpOf>) => writeDump(join(tempFolder(), 'dump.sql'), ...of);

function query<Row = Record<string, unknown>>(place: string, sql: string, ...values: unknown[]): Row[] {
  const view = new DatabaseView(place);
  const rows = view.all<Row>(sql, ...values);
  view.close();
  return rows;
}

const ledger = (place: string) =>
  query<{ source_table: string; reason: string; data: string; vault_id: string }>(
    place,
    "SELECT * FROM legacy_rows WHERE source_table LIKE 'memory-mcp/%'",
  ).map((row) => ({ ...row, ...readData(row.data), table: row.source_table.replace('memory-mcp/', '') }));

/** Every row is in the ledger once, in the vault of its project, as it was. */
function expectAccounted(place: string, rows: ReadonlyMap<string, readonly object[]>): void {
  const kept = ledger(place);
  for (const [table, list] of rows) {
    const texts = kept.filter((row) => row.table === table).map(({ text }) => text);
    expect([table, texts.sort()]).toEqual([table, list.map((row) => JSON.stringify(row)).sort()]);
  }
}

const memoryOf = (place: string, id: string) =>
  query<Record<string, string | number | null>>(place, 'SELECT * FROM memories WHERE id = ?', id)[0];
const metadataOf = (place: string, id: string) =>
  JSON.parse(memoryOf(place, id).metadata as string) as { memory_mcp: Record<string, unknown> };
const edgesOf = (place: string) =>
  query<Record<string, string | number>>(
    place,
    "SELECT * FROM waypoints WHERE type NOT IN ('next', 'similar')",
  )
    .map(({ src_id, type, dst_id, weight }) => `${src_id} ${type} ${dst_id} ${weight}`)
    .sort();

describe('a dump of Memory MCP', () => {
  it.each(LEVELS)('of schema level %i comes over with every row, each once and as it was', async (level) => {
    const place = await migratedDatabase();
    const rows = mcpRows(level);
    const random = new Random(seed + level);
    const reports = new Set<string>();
    for (const form of DUMP_FORMS) {
      const target = copyOf(place);
      const file = dumpFile(level, rows, form, random);
      const report = await importMcp(target, file, { withSecrets: true });
      expect(report.vaults.map(({ vaultId, problems }) => [vaultId, problems]).sort()).toEqual(
        VAULTS.map((vault) => [vault, []]),
      );
      expectAccounted(target, rowsAt(level, rows));
      reports.add(
        JSON.stringify([report.importId, ledger(target).map(({ vault_id, reason }) => [vault_id, reason])]),
      );
      if (form === 'copy') expect(auditIndex(target)).toMatchObject(SOUND);
    }
    // However they are written, they are the same rows.
    expect(reports.size).toBe(1);
    const vectors = query<{ dim: number; model: string }>(place, 'SELECT dim, model FROM vectors');
    expect(vectors).toEqual([]);
  });

  it('becomes memories with their times, sectors, collections and what else was known', async () => {
    const place = await migratedDatabase();
    const report = await importMcp(place, dumpFile(4, mcpRows(4)), {
      embeddingModel: 'text-embedding-3-small',
    });
    const tables = Object.fromEntries(report.vaults.map(({ vaultId, counts }) => [vaultId, counts.tables]));
    expect(tables['mcp-default']).toEqual({
      memory_indexes: { imported: 1, kept: 0, quarantined: 0 },
      memories: { imported: 7, kept: 0, quarantined: 0 },
      memory_relationships: { imported: 3, kept: 0, quarantined: 3 },
      memory_usage_log: { imported: 4, kept: 0, quarantined: 0 },
    });
    expect(memoryOf(place, 'mem_a')).toMatchObject({
      ...{ vault_id: 'mcp-default', user_id: '', collection: 'memory', session_id: null },
      ...{
        content: 'Ana takes night trains\n\tto Vienna \\N',
        primary_sector: 'episodic',
        sectors: '["episodic"]',
      },
      ...{ tags: '["a,b","quo\\"te","标签"]', salience: 0.25 },
      ...{ created_at: ms(3), updated_at: ms(4), last_seen_at: Date.UTC(2025, 2, 2, 10, 0, 0, 500) },
    });
    expect(memoryOf(place, 'mem_a').metadata).toMatch(
      /^\{"z": 1, "a": 12345678901234567890, "password": "of a memory","memory_mcp":\{/,
    );
    expect(metadataOf(place, 'mem_a').memory_mcp).toEqual({
      ...{
        project: 'default',
        memory_type: 'episodic',
        topic: '主题',
        importance: 1,
        importance_label: 'medium',
      },
      ...{
        source: 'user',
        source_path: 'ép.md',
        channel: 'telegram',
        initial_priority: 0.5,
        current_priority: 0.25,
      },
      ...{ access_count: 1500, max_access_count: 1500, stability: 'tentative', sleep_cycles: 0, kind: 'raw' },
      ...{ valid_at: '2025-03-01 10:03:00+00', recorded_at: '2025-03-01 10:03:00+00', time_confidence: 1 },
    });
    const sectors = ['mem_new', 'mem_sum', 'mem_late', 'bare-id'].map(
      (id) => memoryOf(place, id).primary_sector,
    );
    expect(sectors).toEqual(['reflective', 'procedural', 'reflective', 'semantic']);
    expect(metadataOf(place, 'mem_sum').memory_mcp).toMatchObject({
      ...{ valid_at: '2025-03-01 10:04:00+00', valid_at_defaulted: true, time_confidence: 0 },
      derived_from_ids: ['mem_a', 'mem_late', 'mem_gone'],
    });
    expect(metadataOf(place, 'mem_sum').memory_mcp).not.toHaveProperty('recorded_at');
    expect(memoryOf(place, 'bare-id')).toMatchObject({ content: '', salience: 0 });
    expect(metadataOf(place, 'bare-id').memory_mcp).toMatchObject({ metadata: [1, 2], memory_type: 'odd' });
    const twin = metadataOf(place, 'mem_twin').memory_mcp;
    expect([memoryOf(place, 'mem_twin').collection, twin.index_id]).toEqual([
      null,
      expect.stringMatching(/9$/),
    ]);
    expect(memoryOf(place, 'mem_unicode').created_at).toBeGreaterThan(ms(59));
    expect(metadataOf(place, 'mem_unicode').memory_mcp.created_at).toBe('infinity');
    const positions = ['mem_old', 'mem_new', 'mem_a', 'mem_late'].map((id) =>
      Number(memoryOf(place, id).position),
    );
    expect(positions).toEqual([...positions].sort((a, b) => a - b));

    const vectors = query<{ memory_id: string; dim: number; model: string; v: Buffer }>(
      place,
      "SELECT * FROM vectors WHERE memory_id = 'mem_a'",
    );
    expect(vectors).toMatchObject([{ dim: 1536, model: 'text-embedding-3-small' }]);
    const numbers = JSON.parse(vectorText(4, 3)) as number[];
    expect(numbers.map((_, i) => vectors[0].v.readFloatLE(4 * i))).toEqual(numbers);
    expect(
      query(place, 'SELECT vault_id, name, description, metadata, created_at FROM collections ORDER BY 1'),
    ).toEqual([
      {
        ...{ vault_id: UNICODE, name: 'crm-notes', description: null, created_at: ms(0) },
        metadata: '{"memory_mcp":{"id":"00000000-0000-4000-8000-000000000003","project":"项目-naïve"}}',
      },
      {
        ...{ vault_id: 'mcp-acme', name: 'memory', description: '', created_at: ms(0) },
        metadata: '{"memory_mcp":{"id":"00000000-0000-4000-8000-000000000002","project":"acme"}}',
      },
      {
        ...{ vault_id: 'mcp-default', name: 'memory', description: 'About memory', created_at: ms(0) },
        metadata:
          '{"version":"1.0.0","api_key":{"$dropped":"secret"},"memory_mcp":{"id":"00000000-0000-4000-8000-000000000001",' +
          '"project":"default"}}',
      },
    ]);
    expect(query(place, 'SELECT vault_id, name, share_unowned FROM vaults ORDER BY 1')).toEqual([
      { vault_id: UNICODE, name: 'mcp-项目-naïve', share_unowned: 1 },
      { vault_id: 'mcp-acme', name: 'mcp-acme', share_unowned: 1 },
      { vault_id: 'mcp-default', name: 'mcp-default', share_unowned: 1 },
    ]);
  });

  it('keeps relationships, what supersedes what, and what was made of what, inside a project', async () => {
    const place = await migratedDatabase();
    const report = await importMcp(place, dumpFile(4, mcpRows(4)));
    expect(edgesOf(place)).toEqual([
      'mem_a contradicts mem_new 1',
      'mem_a supports mem_new 0.5',
      'mem_old superseded_by mem_new 1',
      'mem_sum derived_from mem_a 0.75',
      'mem_sum derived_from mem_late 1',
    ]);
    const [edge] = query(place, "SELECT * FROM waypoints WHERE type = 'contradicts'");
    expect(edge).toMatchObject({ created_at: ms(30), vault_id: 'mcp-default' });
    expect(JSON.parse(edge.metadata as string)).toMatchObject({
      memory_mcp: { project: 'default', temporal_ok: false, confidence: null },
    });
    const reasons = Object.assign({}, ...report.vaults.map(({ counts }) => counts.reasons)) as object;
    expect(reasons).toEqual({
      'its type is not known, so it is semantic': 1,
      'its index is missing, so it is in no collection': 1,
      'a memory that it names is missing': 1,
      'it leads from a memory to itself': 1,
      'its ends are in two projects': 1,
      'a memory at one of its ends is missing': 1,
      'its ends are in another project than itself': 1,
      'what supersedes it is not in its project, so it is not hidden from search; when it was made is not known, so it has the time of the import': 1,
    });
  });

  it('becomes events with the times of the usage log', async () => {
    const place = await migratedDatabase();
    await importMcp(place, dumpFile(4, mcpRows(4)));
    const stats = query<{ vault_id: string; type: string; ts: number; dims: string }>(
      place,
      "SELECT * FROM stats WHERE type LIKE 'memory.%' ORDER BY vault_id, type, dims",
    );
    expect(stats.map(({ vault_id, type, ts }) => [vault_id, type, ts])).toEqual([
      ['mcp-acme', 'memory.scan', ms(40)],
      ['mcp-default', 'memory.forget', ms(40)],
      ['mcp-default', 'memory.memorize', ms(40)],
      ['mcp-default', 'memory.recall', ms(40)],
      ['mcp-default', 'memory.recall', ms(40)],
    ]);
    const dims = stats.map((row) => JSON.parse(row.dims) as unknown);
    expect(dims[0]).toEqual({ id: '4' });
    expect(dims[1]).toMatchObject({
      id: '9007199254740993',
      tool_name: 'forget',
      success: true,
      latency_ms: 12,
    });
    expect(dims[2]).toEqual({
      ...{ id: '1', project: 'default', tool_name: 'memorize', success: false, latency_ms: 12 },
      ...{
        priority_before: 0.5,
        priority_after: 0.25,
        metadata: { err: '⏱️', token: { $dropped: 'secret' } },
      },
    });
    expect(dims[3]).toMatchObject({ memory_id: 'mem_a', index: 'memory' });
    expect(dims[4]).toEqual({ id: '3' });
  });

  it('leaves secrets behind unless they are asked for, and tables of others in any case', async () => {
    const place = await migratedDatabase();
    const other = copyOf(place);
    const file = join(tempFolder(), 'dump.sql');
    const extra =
      'CREATE TABLE public.users (name text, password text);\nCOPY public.users (name, password) FROM stdin;\n' +
      'ana\tSECRET-3\n\\.\nALTER TABLE ONLY public.memories\n';
    writeFileSync(file, dumpOf(3, mcpRows(3)).replace('ALTER TABLE ONLY public.memories\n', extra));
    const texts = (at: string) => JSON.stringify([ledger(at), query(at, 'SELECT * FROM stats')]);
    await importMcp(place, file);
    expect(texts(place)).not.toMatch(/SECRET/);
    expect(texts(place)).toMatch(/of a memory/);
    await importMcp(other, file, { withSecrets: true });
    for (const n of [1, 2]) expect(texts(other)).toContain(`SECRET-${n}`);
    expect(texts(other)).not.toMatch(/SECRET-3/);
  });

  it('keeps columns that it does not know', async () => {
    const place = await migratedDatabase();
    const dump =
      'CREATE TABLE public.memories (id text, index_id uuid, project text, content text, memory_type text, mood text,\n' +
      ' access_token text);\nCOPY public.memories (id, index_id, project, content, memory_type, mood, access_token) ' +
      'FROM stdin;\nm1\t\\N\tp\tWell\tself\t"gay"\\\\\tSECRET\n\\.\n';
    const file = join(tempFolder(), 'dump.sql');
    writeFileSync(file, dump);
    await importMcp(place, file);
    expect(metadataOf(place, 'm1').memory_mcp).toMatchObject({ mood: '"gay"\\', memory_type: 'self' });
    expect(ledger(place).map(({ text }) => JSON.parse(text) as unknown)).toEqual([
      {
        ...{ id: 'm1', index_id: null, project: 'p', content: 'Well', memory_type: 'self', mood: '"gay"\\' },
        access_token: '{"$dropped":"secret"}',
      },
    ]);
  });

  it('comes into a vault for each project, or into one, or goes where it is told', async () => {
    const place = await migratedDatabase();
    const [single, mapped] = [copyOf(place), copyOf(place)];
    const file = dumpFile(4, mcpRows(4));
    const vaultsIn = (at: string) =>
      query<{ vault_id: string }>(at, 'SELECT vault_id FROM vaults ORDER BY vault_id').map(
        (row) => row.vault_id,
      );
    await importMcp(single, file, { singleVault: true, vault: 'all' });
    expect(vaultsIn(single)).toEqual(['all']);
    expectAccounted(single, new Map([['memories', rowsAt(4, mcpRows(4)).get('memories')!]]));
    // Ends that are in two projects are in one vault.
    expect(edgesOf(single)).toEqual(
      expect.arrayContaining(['mem_a leads_to mem_acme 0.5', 'mem_unicode superseded_by mem_acme 1']),
    );
    expect(
      query(single, "SELECT reason FROM legacy_rows WHERE reason LIKE '%collection is there%'"),
    ).toHaveLength(1);
    await importMcp(mapped, file, { vaultMap: { default: 'ana', acme: 'ana' } });
    expect(vaultsIn(mapped)).toEqual(['ana', UNICODE]);
  });

  it('adds nothing the second time, whichever way it is written, and is taken back', async () => {
    const place = await migratedDatabase();
    const { importId } = await importMcp(place, dumpFile(4, mcpRows(4)), { rowsAtOnce: 3 });
    const before = importedState(place);
    for (const form of DUMP_FORMS) {
      const again = await importMcp(place, dumpFile(4, mcpRows(4), form, new Random(seed)));
      expect(again.vaults.map(({ fresh, problems }) => [fresh, problems])).toEqual(VAULTS.map(() => [0, []]));
    }
    expect(importedState(place)).toEqual(before);
    // In batches of another size, the same.
    const other = await migratedDatabase();
    await importMcp(other, dumpFile(4, mcpRows(4)));
    const stateOf = (at: string) => ({ ...importedState(at), term_blocks: [], scopes: [], stats: [] });
    expect(stateOf(other)).toEqual(stateOf(place));
    for (const vault of VAULTS) await undoHere(place, importId, vault);
    const { term_blocks, scopes, stats, ...rest } = importedState(place);
    void [term_blocks, scopes];
    for (const [table, rows] of Object.entries(rest)) expect([table, rows]).toEqual([table, []]);
    expect(stats.filter((row) => row.includes('memory.'))).toEqual([]);
  });

  it('of later adds what is new, and quarantines what has another content', async () => {
    const place = await migratedDatabase();
    const rows = mcpRows(4);
    await importMcp(place, dumpFile(4, rows));
    const [first, second, ...others] = rows.memories;
    const later: McpRows = {
      ...rows,
      memories: [
        { ...first, content: 'Changed' },
        second,
        ...others,
        { ...second, id: 'mem_more', topic: 'new' },
      ],
    };
    const { vaults } = await importMcp(place, dumpFile(4, later));
    const { counts } = vaults.find(({ vaultId }) => vaultId === 'mcp-default')!;
    expect(counts.tables.memories).toEqual({ imported: 1, kept: 6, quarantined: 1 });
    expect(memoryOf(place, 'mem_old').content).toBe('Ana lives in Lisbon');
  });

  it('goes on where it was killed, and ends the same', async () => {
    const file = dumpFile(4, mcpRows(4), 'rows-per-insert');
    const place = await migratedDatabase();
    const env = (at: string) => ({ ...environmentOf(at), ROWS_AT_ONCE: '4' });
    const die = (at: string, statement: number) =>
      runBuilt('test/harness/import/import-and-die', [String(statement), 'memory-mcp', file], env(at));
    const whole = copyOf(place);
    const { stdout, stderr } = await die(whole, 0);
    const statements = Number(stdout);
    expect(statements, stderr).toBeGreaterThan(50);
    // In the blocks of the index are the times of rows that have those of the import.
    const stateOf = (at: string) => ({ ...importedState(at), term_blocks: [] });
    const expected = stateOf(whole);
    const random = new Random(seed);
    for (let kill = 0; kill < Number(process.env.IMPORT_KILLS ?? 3); kill += 1) {
      const n = 1 + random.below(Math.floor(0.9 * statements));
      const killed = copyOf(place);
      expect((await die(killed, n)).signal).toBe('SIGKILL');
      await die(killed, 1 + random.below(statements));
      await importMcp(killed, file, { rowsAtOnce: 4 });
      expect(stateOf(killed), `killed before statement ${n}`).toEqual(expected);
      expect(auditIndex(killed)).toMatchObject(SOUND);
    }
  });

  it('is told from what is none, before anything is written', async () => {
    const place = await migratedDatabase();
    const folder = tempFolder();
    const write = (name: string, text: string | Buffer) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const whole = dumpOf(4, mcpRows(4));
    const elsewhere = whole.replaceAll('public.', 'other.');
    let files = 0;
    const projects = (text: string) => write(`${(files += 1)}-projects.json`, text);
    const cases: [path: string, here: Here, complaint: RegExp][] = [
      [join(folder, 'none.sql'), {}, /There is no file/],
      [write('gz.sql', gzipSync(whole)), {}, /is compressed/],
      [write('custom.sql', 'PGDMP\u0001\u000e'), {}, /pg_restore -f dump.sql/],
      [
        write('other.sql', 'CREATE TABLE public.memories (id text);\n'),
        {},
        /holds no table memories of Memory MCP/,
      ],
      [write('cut.sql', whole.slice(0, -200)), {}, /breaks off/],
      [write('two.sql', whole + elsewhere), {}, /in several databases or schemas/],
      [
        write('odd.sql', schemaAt(4).replace('    source_id text NOT NULL,\n', '')),
        {},
        /the table public.memory_relationships has not the columns/,
      ],
      [write('whole.sql', whole), { project: 'p' }, /--project goes with a file of projects/],
      [write('whole.sql', whole), { sessions: folder }, /--sessions goes with --from metamorph/],
      [projects('{"a": {"databaseUrl": "postgres://u:SECRET@h"'), {}, /projects.json is not JSON\.$/],
      [projects('["SECRET"]'), {}, /is no file of projects/],
      [projects('{"a": {"databaseUrl": ""}}'), {}, /"a" has no databaseUrl/],
      [
        projects('{"a": {"databaseUrl": "x"}, "b": {"databaseUrl": "y"}}'),
        {},
        /several projects \("a", "b"\)/,
      ],
      [projects('{"a": {"databaseUrl": "x"}}'), { project: 'b' }, /--project names "b", and .* has only "a"/],
      [
        projects('{"a": {"databaseUrl": "postgres://u:SEC@RET@h:x/d"}}'),
        {},
        /The databaseUrl of "a" in .* is a malformed PostgreSQL URL/,
      ],
      ['postgres://u:SECRET@127.0.0.1:1/d', {}, /No PostgreSQL server listens at 127.0.0.1:1/],
      ['postgres://u:SECRET@127.0.0.1:1/d', { project: 'a' }, /--project goes with a file/],
    ];
    const before = importedState(place);
    for (const [path, here, complaint] of cases) {
      const error = await importMcp(place, path, here).then(
        () => new Error('nothing'),
        (thrown: Error) => thrown,
      );
      expect(error.message).toMatch(complaint);
      expect(error.message + (error.stack ?? '')).not.toMatch(/SECRET|SEC@RET/);
    }
    expect(importedState(place)).toEqual(before);
    // One without rows is one all the same.
    expect((await importMcp(place, write('empty.sql', schemaAt(5)))).vaults).toEqual([]);
  });
});

describe('the import command with Memory MCP', () => {
  it('rehearses, imports, lists and takes back, and shows no password', async () => {
    const place = await migratedDatabase();
    const file = dumpFile(2, mcpRows(2));
    const run = async (...args: string[]) => {
      const { status, stdout, stderr } = await runBuilt('src/cli/import', args, environmentOf(place));
      expect(stdout + stderr).not.toMatch(/SECRET/);
      return { status, out: stdout + stderr };
    };
    const before = importedState(place);
    const rehearsal = await run('--from', 'memory-mcp', file, '--dry-run');
    expect(rehearsal).toMatchObject({ status: 0 });
    expect(rehearsal.out).toMatch(/\[DRY RUN\] 24 rows, 20 imported, 0 kept, 4 quarantined/);
    expect(importedState(place)).toEqual(before);
    const done = await run('--from', 'memory-mcp', file);
    expect(done.out).toMatch(/Memory MCP, schema level 2\n/);
    expect(done.out).toMatch(/Vault mcp-acme: 3 rows now/);
    const list = (await run('--status')).out;
    const importId = /memory-mcp-[0-9a-f]{16}/.exec(list)![0];
    expect(list.match(/done/g)).toHaveLength(3);
    expect((await run('--undo', importId)).status).toBe(0);
    expect(ledger(place)).toEqual([]);

    const folder = join(tempFolder(), 'config');
    mkdirSync(folder);
    const projects = join(folder, 'projects.json');
    writeFileSync(projects, '{"main": {"databaseUrl": "postgres://u:SECRET@127.0.0.1:1/d"}}');
    const refused: [args: string[], complaint: RegExp][] = [
      [['memory-mcp', projects], /No PostgreSQL server listens/],
      [['memory-mcp', 'postgres://u:SECRET@127.0.0.1:1/d'], /No PostgreSQL server listens/],
      [['memory-mcp', 'postgress://u:SECRET@h/d'], /begins with postgres:/],
      [['memory-mcp', file, 'postgres://u:SECRET@h/d'], /Unexpected: postgres:\/\/…@h/],
      [['mem0', 'postgres://u:SECRET@h/d'], /with --from memory-mcp alone/],
      [['memory-mcp', file, '--vault', 'acme'], /--vault goes with --single-vault/],
      [['mem0', file, '--project', 'a'], /--project goes with --from memory-mcp/],
      [['memory-mcp', file, '--embedding-model', ''], /--embedding-model needs a name/],
    ];
    for (const [args, complaint] of refused) {
      const { status, out } = await run('--from', ...args);
      expect([status, out]).toEqual([2, expect.stringMatching(complaint)]);
    }
  });
});

const samples = process.env.CAIRN_DATA ? join(process.env.CAIRN_DATA, 'legacy') : '';

describe.skipIf(!existsSync(samples))('the samples of Memory MCP in CAIRN_DATA', () => {
  it('lose nothing', async () => {
    const { 'memory-mcp': known } = JSON.parse(readFileSync(join(samples, 'counts.json'), 'utf8')) as {
      'memory-mcp': Record<string, { tables?: Record<string, number> }>;
    };
    const files = Object.entries(known).filter(([, { tables }]) => tables !== undefined);
    expect(files.length).toBeGreaterThan(1);
    for (const [name, { tables = {} }] of files) {
      const place = await migratedDatabase();
      const report = await importMcp(place, join(samples, name));
      expect(report.vaults.flatMap(({ problems }) => problems)).toEqual([]);
      const kept = ledger(place);
      for (const [table, rows] of Object.entries(tables)) {
        recordFigure('import.mcp-rows', rows);
        const own = kept.filter((row) => row.table === table);
        recordFigure('import.mcp-lost', rows - own.length);
        expect([name, table, own.length]).toEqual([name, table, rows]);
      }
      expect(auditIndex(place)).toMatchObject(SOUND);
      const again = await importMcp(place, join(samples, name));
      expect(again.vaults.every(({ fresh }) => fresh === 0)).toBe(true);
    }
  });
});
