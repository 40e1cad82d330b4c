import { existsSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ENFORCEMENTS, defaultFlags, safeFlags } from '../../src/rollout/flags.js';
import { loadFlagsConfig } from '../../src/config/config.js';
import { EditedFile, flagsLog, flagsOf } from '../harness/flags.js';
import { tempFolder } from '../harness/temp-folder.js';

const RULES = `flags:
  tenancy.enforcement:
    rules:                 # the first that fits decides
      - value: shadow
        vaults: [default-vault, acme]
      - value: legacy
        percentage: 100
    default: enforced
  mcp: false
`;

const WITHOUT = loadFlagsConfig({}, '/');
const DEFAULTS = defaultFlags(WITHOUT);
const SAFE = safeFlags(WITHOUT);

const form = (text: string, name: string) => flagsOf({ FLAGS_FILE: new EditedFile(text, name).path });

/** Longer than a file is looked at, also on a machine that has much to do. */
const soon = { timeout: 30_000, interval: 50 };

describe('a file of flags', () => {
  it.each([
    ['flags.yaml', RULES],
    ['flags.yml', RULES],
    [
      'flags.json',
      JSON.stringify(
        {
          flags: {
            'tenancy.enforcement': {
              rules: [
                { value: 'shadow', vaults: ['default-vault', 'acme'] },
                { value: 'legacy', percentage: 100 },
              ],
              default: 'enforced',
            },
            mcp: false,
          },
        },
        null,
        '\t',
      ),
    ],
  ])('says in %s what vaults have', async (name, text) => {
    const flags = form(text, name);
    expect(await flags.load('acme')).toEqual({ ...DEFAULTS, 'tenancy.enforcement': 'shadow', mcp: false });
    expect(await flags.load('other')).toMatchObject({ 'tenancy.enforcement': 'legacy', mcp: false });
    expect(Object.isFrozen(flags.of('acme'))).toBe(true);
  });

  it('comes before settings, which come before defaults', async () => {
    const file = new EditedFile('flags: {mcp: {rules: [{value: false, vaults: [acme]}]}}');
    const flags = flagsOf({
      FLAGS_FILE: file.path,
      FLAG_MCP: 'false',
      FLAG_RECALL_REINFORCE_ON_READ: 'true',
      OM_HYBRID_FUSION: 'true',
      WAYPOINTS_AUTOMATIC: 'false',
    });
    const named = { 'recall.reinforce-on-read': true, 'recall.hybrid-fusion': true };
    const old = { 'recall.waypoints': false };
    expect(await flags.load('acme')).toEqual({ ...DEFAULTS, ...named, ...old, mcp: false });
    // The file names it, so that its setting has no say.
    expect(await flags.load('zebra')).toEqual({ ...DEFAULTS, ...named, ...old });
  });

  it('may be empty', async () => {
    expect(await form('flags:\n', 'f.yaml').load('a')).toEqual(DEFAULTS);
    expect(await form('{"flags": {}}', 'f.json').load('a')).toEqual(DEFAULTS);
  });

  it.each([
    ['', 'f.yaml', 'line 1, the file must hold the section flags'],
    ['flagz: {}', 'f.yaml', 'the file has no section "flagz"; there are flags'],
    ['flags:\n  mpc: true', 'f.yaml', 'line 2, flags has no flag "mpc"; there are tenancy.enforcement,'],
    ['flags:\n  toString: true', 'f.yaml', 'flags has no flag "toString"'],
    ['flags:\n  __proto__: true', 'f.yaml', 'flags has no flag "__proto__"'],
    ['flags:\n  mcp: yes', 'f.yaml', 'line 2, flags.mcp must be true or false, not "yes"'],
    ['flags:\n  mcp: shadow', 'f.yaml', 'flags.mcp must be true or false, not "shadow"'],
    ['flags:\n  mcp:', 'f.yaml', 'flags.mcp must be true or false, not null'],
    [
      'flags:\n  tenancy.enforcement: true',
      'f.yaml',
      `flags["tenancy.enforcement"] must be one of ${ENFORCEMENTS.join(', ')}, not true`,
    ],
    [
      RULES.replace('value: shadow', 'value: shadw'),
      'f.yaml',
      'line 4, flags["tenancy.enforcement"].rules[0].value must be one of legacy, shadow, enforced, not "shadw"',
    ],
    [
      RULES.replace('percentage: 100', 'percentage: 101'),
      'f.yaml',
      'line 7, flags["tenancy.enforcement"].rules[1].percentage must be a number from 0 to 100',
    ],
    [RULES.replace('percentage: 100', 'percentage: 10%'), 'f.yaml', 'must be a number from 0 to 100'],
    [RULES.replace('percentage: 100', 'percentage: .nan'), 'f.yaml', 'must be a number from 0 to 100'],
    [
      RULES.replace('percentage: 100', 'percent: 100'),
      'f.yaml',
      'line 7, flags["tenancy.enforcement"].rules[1] has no field "percent"; there are value, vaults, percentage',
    ],
    [
      RULES.replace('    default', '    defualt'),
      'f.yaml',
      'line 8, flags["tenancy.enforcement"] has no field',
    ],
    [
      RULES.replace('acme', 'a/b'),
      'f.yaml',
      'line 5, flags["tenancy.enforcement"].rules[0].vaults[1] must be a',
    ],
    [RULES.replace('acme', '17'), 'f.yaml', 'vaults[1] must be a vault id: a text'],
    [RULES.replace('[default-vault, acme]', 'acme'), 'f.yaml', 'vaults must be a list of vault ids'],
    ['flags: {mcp: {rules: [{value: true}]}}', 'f.yaml', 'rules[0] needs either vaults or a percentage'],
    [
      'flags: {mcp: {rules: [{value: true, vaults: [a], percentage: 1}]}}',
      'f.yaml',
      'rules[0] needs either vaults or a percentage',
    ],
    ['flags: {mcp: {}}', 'f.yaml', 'flags.mcp must hold rules or a default'],
    ['flags: {mcp: {rules: {a: 1}}}', 'f.yaml', 'flags.mcp.rules must be a list of rules'],
    ['flags: {mcp: {rules: [true]}}', 'f.yaml', 'flags.mcp.rules[0] must be a rule'],
    ['flags:\n  mcp: true\n  mcp: false', 'f.yaml', 'line 3: Map keys must be unique'],
    ['flags:\n  mcp: true\n mcp: false', 'f.yaml', 'line 3: '],
    ['flags: !!js/function x', 'f.yaml', 'line 1: '],
    ['flags: {"mcp": true}', 'f.json', 'line 1: '],
    ['{"flags": {\n"mcp": true,}}', 'f.json', 'line 2: not valid JSON'],
    ['{"flags": {"mcp": true,\n"mcp": false}}', 'f.json', 'line 2: Map keys must be unique'],
  ])('refuses %j in %s: %s', async (text, name, problem) => {
    const log = flagsLog();
    const flags = form(text, name);
    expect(await flags.load('acme')).toEqual(SAFE);
    expect(flags.problem).toContain(problem);
    expect(log).toHaveLength(1);
    expect(log[0]).toContain(`error The flags file ${name} cannot be used, so safe values stand in`);
    expect(log[0]).toContain(problem);
  });

  it('does not let aliases grow', async () => {
    const layers = Array.from(
      { length: 12 },
      (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}, *a${at}]`,
    );
    const flags = form(['a0: &a0 [x, x, x]', ...layers, 'flags: *a12'].join('\n'), 'f.yaml');
    expect(await flags.load('acme')).toEqual(SAFE);
    expect(flags.problem).toContain('aliases cannot be resolved');
  });

  it('stands for safe values where it is missing, is no file or cannot be read, and starts to count when it comes', async () => {
    const log = flagsLog();
    const folder = tempFolder();
    mkdirSync(join(folder, 'folder.yaml'));
    expect(await flagsOf({ FLAGS_FILE: join(folder, 'folder.yaml') }).load('a')).toEqual(SAFE);
    expect(log.join()).toContain('it is not a file');

    const file = new EditedFile(undefined);
    const flags = flagsOf({ FLAGS_FILE: file.path, FLAG_MCP: 'false' });
    expect(flags.of('acme')).toEqual(SAFE);
    expect(await flags.load('acme')).toEqual(SAFE);
    expect(log.at(-1)).toContain('there is no such file (ENOENT)');
    file.write(RULES);
    await expect.poll(() => flags.load('acme'), soon).toMatchObject({ 'tenancy.enforcement': 'shadow' });
    expect(log.at(-1)).toBe('info flags.yaml is in order again: its flags are in effect');
    expect(flags.problem).toBeUndefined();
  });
});

describe('a file that changes', () => {
  it.each(['written', 'replaced'] as const)('is read again when it is %s', async (how) => {
    const file = new EditedFile(RULES);
    const edit = (text: string) => (how === 'written' ? file.write(text) : file.replace(text));
    const flags = flagsOf({ FLAGS_FILE: file.path });
    expect(await flags.load('acme')).toMatchObject({ 'tenancy.enforcement': 'shadow', mcp: false });
    edit(RULES.replace('shadow', 'legacy'));
    await expect.poll(() => flags.load('acme'), soon).toMatchObject({ 'tenancy.enforcement': 'legacy' });
    // Of the same length, in the same instant.
    edit(RULES.replace('shadow', 'shadow').replace('mcp: false', 'mcp: true '));
    await expect
      .poll(() => flags.load('acme'), soon)
      .toMatchObject({ 'tenancy.enforcement': 'shadow', mcp: true });
  });

  it('may be a link to another, as configuration is mounted', async () => {
    const folder = tempFolder();
    for (const [name, value] of [
      ['one', 'shadow'],
      ['two', 'legacy'],
    ]) {
      mkdirSync(join(folder, name));
      writeFileSync(join(folder, name, 'flags.yaml'), `flags: {tenancy.enforcement: ${value}}`);
    }
    symlinkSync('one', join(folder, 'data'));
    symlinkSync('data/flags.yaml', join(folder, 'flags.yaml'));
    const flags = flagsOf({ FLAGS_FILE: join(folder, 'flags.yaml') });
    expect(await flags.load('acme')).toMatchObject({ 'tenancy.enforcement': 'shadow' });
    symlinkSync('two', join(folder, 'next'));
    renameSync(join(folder, 'next'), join(folder, 'data'));
    await expect.poll(() => flags.load('acme'), soon).toMatchObject({ 'tenancy.enforcement': 'legacy' });
  });

  it('keeps its last good flags where an edit breaks it, or it is gone, and says so once', async () => {
    const log = flagsLog();
    const file = new EditedFile(RULES);
    const flags = flagsOf({ FLAGS_FILE: file.path });
    const good = await flags.load('acme');
    expect(log).toEqual(['info The flags of flags.yaml are in effect']);

    file.write(RULES.replace('mcp: false', 'mcp: maybe'));
    await expect.poll(() => flags.problem, soon).toContain('flags.mcp must be true or false, not "maybe"');
    expect(await flags.load('acme')).toEqual(good);
    // Of a vault that was not asked for before too.
    expect(await flags.load('default-vault')).toMatchObject({ 'tenancy.enforcement': 'shadow', mcp: false });
    file.write(RULES.replace('mcp: false', 'mcp: perhaps'));
    await expect.poll(() => flags.problem, soon).toContain('perhaps');
    // Touched, not edited.
    file.write(RULES.replace('mcp: false', 'mcp: perhaps'));
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(log).toHaveLength(3);
    expect(log[1]).toMatch(
      /^error The flags file flags.yaml cannot be used, so the flags stay as they were: line 9, /,
    );

    file.write(RULES);
    await expect.poll(() => log, soon).toHaveLength(4);
    expect(log[3]).toBe('info flags.yaml is in order again: its flags are in effect');
    rmSync(file.path);
    await expect.poll(() => flags.problem, soon).toContain('ENOENT');
    expect(await flags.load('acme')).toEqual(good);
    file.replace(RULES);
    await expect.poll(() => flags.problem, soon).toBeUndefined();
    expect(existsSync(file.path)).toBe(true);
    expect(log).toHaveLength(6);
  });

  it('is not looked at any more after the service has closed', async () => {
    const file = new EditedFile(RULES);
    const flags = flagsOf({ FLAGS_FILE: file.path });
    await flags.load('acme');
    const log = flagsLog();
    await flags.onModuleDestroy();
    file.write('broken');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(log).toEqual([]);
  });
});

describe('settings', () => {
  it.each<[NodeJS.ProcessEnv, object]>([
    [{ FLAG_TENANCY_ENFORCEMENT: 'shadow' }, { 'tenancy.enforcement': 'shadow' }],
    [
      { FLAG_MCP: 'off', FLAG_OPENMEMORY_CONTRACT: '0' },
      { mcp: false, 'openmemory-contract': false },
    ],
    [
      { FLAG_MCP: '0%', FLAG_RECALL_REINFORCE_ON_READ: '100%' },
      { mcp: false, 'recall.reinforce-on-read': true },
    ],
    [
      { FLAG_MCP: '{"rules":[{"value":false,"vaults":["acme"]},{"value":true,"percentage":100}]}' },
      { mcp: false },
    ],
    [{ FLAG_MEMORIES_REFLECTION: '{"default":true}', REFLECTION: 'false' }, { 'memories.reflection': true }],
    [
      { REFLECTION: 'true', USER_SUMMARIES: 'false' },
      { 'memories.reflection': true, 'memories.summaries': false },
    ],
    [{ OM_HYBRID_FUSION: 'true', FLAG_RECALL_HYBRID_FUSION: 'false' }, { 'recall.hybrid-fusion': false }],
    [{ FLAG_TENANCY_SHARED_MEMORIES: 'false' }, { 'tenancy.shared-memories': false }],
    [
      { FLAG_MEMORIES_SUMMARIES: 'false', FLAG_RECALL_WAYPOINTS: 'no' },
      { 'memories.summaries': false, 'recall.waypoints': false },
    ],
  ])('%j', async (env, values) => {
    const flags = flagsOf(env);
    expect(await flags.load('acme')).toEqual({ ...DEFAULTS, ...values });
    expect(flags.load('acme')).toEqual({ ...DEFAULTS, ...values });
  });

  it('give defaults at once where there are none', () => {
    const flags = flagsOf({});
    expect([flags.of('acme'), flags.load('acme')]).toEqual([DEFAULTS, DEFAULTS]);
  });

  it('turn a percentage of the vaults on, and the others off', async () => {
    const flags = flagsOf({ FLAG_MCP: '25%' });
    const values = await Promise.all(Array.from({ length: 4_000 }, (_, at) => flags.load(`v${at}`)));
    const share = values.filter(({ mcp }) => mcp).length / values.length;
    expect(Math.abs(share - 0.25)).toBeLessThan(0.03);
  });
});
