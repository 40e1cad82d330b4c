import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadFlagsConfig } from '../../src/config/config.js';
import { FLAG_NAMES, defaultFlags, safeFlags } from '../../src/rollout/flags.js';
import { flagsLog, flagsOf, providerModule } from '../harness/flags.js';
import { tempFolder } from '../harness/temp-folder.js';

const WITHOUT = loadFlagsConfig({}, '/');
const DEFAULTS = defaultFlags(WITHOUT);
const SAFE = safeFlags(WITHOUT);
const soon = { timeout: 30_000, interval: 20 };

const UNKNOWN = `return { value: all, errorCode: 'FLAG_NOT_FOUND' };`;
/** Resolves what the state has a value for. */
const STATED = `if (flag in state) return { value: state[flag], reason: 'TARGETING_MATCH' }; ${UNKNOWN}`;

/** What nobody has caught; the service would end for it. */
const uncaught: unknown[] = [];
const note = (reason: unknown) => void uncaught.push(reason);
beforeEach(() => void process.on('unhandledRejection', note));
afterEach(async () => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  process.off('unhandledRejection', note);
  expect(uncaught.splice(0)).toEqual([]);
});

async function started(path: string) {
  const flags = flagsOf({ FLAGS_PROVIDER: path });
  await flags.onModuleInit();
  return flags;
}

describe('a provider', () => {
  it('says what each vault has; what it does not know has its default', async () => {
    const { path, state } = providerModule(`
      if (flag === 'tenancy.enforcement') return { value: vault === 'acme' ? 'shadow' : 'legacy' };
      ${STATED}`);
    state.mcp = false;
    const flags = await started(path);
    expect(await flags.load('acme')).toEqual({ ...DEFAULTS, 'tenancy.enforcement': 'shadow', mcp: false });
    expect(await flags.load('zebra')).toMatchObject({ 'tenancy.enforcement': 'legacy' });
    expect(flags.of('acme')).toMatchObject({ 'tenancy.enforcement': 'shadow' });
    // Once for each flag, whoever asks how often.
    await Promise.all(Array.from({ length: 50 }, () => flags.load('acme')));
    expect(state.calls.filter((call) => call.endsWith(' acme')).sort()).toEqual(
      FLAG_NAMES.map((flag) => `${flag} acme`).sort(),
    );
    await flags.onModuleDestroy();
    expect(state).toMatchObject({ initialised: 1, closed: 1 });
  });

  it('gives values at once while they are fresh, and old ones while it is asked again', async () => {
    const { path, state } = providerModule(STATED);
    state.mcp = false;
    const flags = await started(path);
    await flags.load('acme');
    expect(flags.load('acme')).toMatchObject({ mcp: false });
    state.mcp = true;
    const seen: unknown[] = [];
    await expect
      .poll(() => {
        const values = flags.load('acme');
        seen.push(values);
        return (values as { mcp?: unknown }).mcp;
      }, soon)
      .toBe(true);
    expect(seen.filter((values) => values instanceof Promise)).toEqual([]);
  });

  it('is asked again for everything after it says that something changed', async () => {
    const { path, state } = providerModule(STATED);
    const flags = await started(path);
    for (const vault of ['a', 'b']) expect(await flags.load(vault)).toMatchObject({ mcp: true });
    state.mcp = false;
    state.emit?.('PROVIDER_CONFIGURATION_CHANGED');
    for (const vault of ['a', 'b']) expect(await flags.load(vault)).toMatchObject({ mcp: false });
    expect(flags.load('a')).toMatchObject({ mcp: false });
  });

  it('that changes while it is asked does not leave an old answer behind', async () => {
    const { path, state } = providerModule(`
      const { held, value = false } = state;
      await held;
      if (flag === 'mcp') return { value };
      ${UNKNOWN}`);
    let release = (): void => {};
    state.held = new Promise<void>((resolve) => (release = resolve));
    const flags = await started(path);
    const first = flags.load('acme');
    await expect.poll(() => state.calls.length, soon).toBe(FLAG_NAMES.length);
    Object.assign(state, { held: undefined, value: true });
    state.emit?.('PROVIDER_CONFIGURATION_CHANGED');
    expect(await flags.load('acme')).toMatchObject({ mcp: true });
    release();
    await first;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(flags.of('acme')).toMatchObject({ mcp: true });
  });

  it.each<[string, string]>([
    ['throws', `throw new Error('down');`],
    ['throws no error', `throw undefined;`],
    ['throws a text', `throw 'down';`],
    ['says that it failed', `return { value: false, errorCode: 'GENERAL', errorMessage: 'down' };`],
    ['gives an error as its reason', `return { value: false, reason: 'ERROR' };`],
    ['gives nothing', `return undefined;`],
    ['gives null', `return { value: null };`],
    ['gives the wrong type', `return { value: flag === 'tenancy.enforcement' ? true : 'false' };`],
    ['gives an unknown word', `return { value: flag === 'tenancy.enforcement' ? 'off' : 0 };`],
    ['hangs', `return new Promise(() => {});`],
    [
      'fails when nobody waits any more',
      `return new Promise((_, no) => setTimeout(no, 400, new Error('late')));`,
    ],
  ])('that %s leaves safe values, and then the last good ones', async (_, fault) => {
    const { path, state } = providerModule(`if (state.works) { ${STATED} } ${fault}`);
    const flags = await started(path);
    expect(await flags.load('acme')).toEqual(SAFE);
    Object.assign(state, { works: true, mcp: false, 'tenancy.enforcement': 'legacy' });
    const good = { ...DEFAULTS, mcp: false, 'tenancy.enforcement': 'legacy' };
    await expect.poll(() => flags.load('acme'), soon).toEqual(good);
    Object.assign(state, { works: false });
    state.emit?.('PROVIDER_CONFIGURATION_CHANGED');
    expect(await flags.load('acme')).toEqual(good);
    expect(await flags.load('zebra')).toEqual(SAFE);
    await new Promise((resolve) => setTimeout(resolve, 500));
  });

  it.each<[string, string]>([
    ['throws', `throw new Error('down');`],
    ['hangs', `return new Promise(() => {});`],
    ['gives the wrong type', `return { value: 1 };`],
  ])('that %s for one flag is believed for the others', async (_, fault) => {
    const { path } = providerModule(`
      if (flag === 'mcp') { ${fault} }
      if (flag === 'tenancy.enforcement') return { value: 'shadow' };
      return { value: true };`);
    const flags = await started(path);
    const on = Object.fromEntries(FLAG_NAMES.map((flag) => [flag, true]));
    expect(await flags.load('acme')).toEqual({ ...on, 'tenancy.enforcement': 'shadow', mcp: SAFE.mcp });
    const explained = await flags.explain('acme');
    expect(explained.filter(({ broken }) => broken).map(({ flag }) => flag)).toEqual(['mcp']);
  });

  it('that hangs is waited for once, not by everybody', async () => {
    const { path, state } = providerModule(`return new Promise(() => {});`);
    const flags = await started(path);
    const both = [flags.load('acme'), flags.load('acme')];
    expect(both.every((one) => one instanceof Promise)).toBe(true);
    expect(await Promise.all(both)).toEqual([SAFE, SAFE]);
    for (let at = 0; at < 100; at++) expect(flags.load('acme')).toEqual(SAFE);
    expect(state.calls).toHaveLength(FLAG_NAMES.length);
    // By and by it is asked again, and still nobody waits.
    await expect
      .poll(() => {
        expect(flags.load('acme')).toEqual(SAFE);
        return state.calls.length;
      }, soon)
      .toBe(2 * FLAG_NAMES.length);
  });

  it('that hangs for very many vaults is asked for no more of them until it has been given up', async () => {
    const { path, state } = providerModule(`return new Promise(() => {});`);
    const flags = await started(path);
    const vaults = Array.from({ length: 200 }, (_, at) => `v${at}`);
    const values = await Promise.all(vaults.map((vault) => flags.load(vault)));
    expect(values).toEqual(vaults.map(() => SAFE));
    expect(await flags.load('one more')).toEqual(SAFE);
    expect(state.calls.filter((call) => call.endsWith(' one more'))).toEqual([]);
    await expect
      .poll(() => {
        void flags.load('one more');
        return state.calls.includes('mcp one more');
      }, soon)
      .toBe(true);
  });

  it('that is slow is believed when its answer comes', async () => {
    const { path } = providerModule(`
      await new Promise((resolve) => setTimeout(resolve, 600));
      return { value: flag === 'tenancy.enforcement' ? 'legacy' : false };`);
    const flags = await started(path);
    expect(await flags.load('acme')).toEqual(SAFE);
    await expect.poll(() => flags.of('acme')['tenancy.enforcement'], soon).toBe('legacy');
  });

  it('is asked about no more vaults than are remembered', async () => {
    const { path, state } = providerModule(STATED);
    const flags = await started(path);
    const asked = (vault: string) => state.calls.filter((call) => call === `mcp ${vault}`).length;
    await flags.load('first');
    await flags.load('second');
    for (let at = 0; at < 9_998; at++) {
      await flags.load(`v${at}`);
      // It is in use, and so stays.
      if (at % 1_000 === 0) await flags.load('first');
    }
    await flags.load('first');
    await flags.load('one more');
    const before = asked('second');
    expect(flags.load('first')).not.toBeInstanceOf(Promise);
    expect(flags.load('second')).toBeInstanceOf(Promise);
    await flags.load('second');
    expect(asked('second')).toBe(before + 1);
  });

  it('does not share what it says with another service', async () => {
    const [one, two] = [providerModule(STATED), providerModule(STATED)];
    one.state.mcp = false;
    const [a, b, c] = [await started(one.path), await started(two.path), flagsOf({ FLAG_MCP: '0%' })];
    expect(await a.load('acme')).toMatchObject({ mcp: false });
    expect(await b.load('acme')).toMatchObject({ mcp: true });
    expect(await c.load('acme')).toMatchObject({ mcp: false });
    await a.onModuleDestroy();
    expect([one.state.closed, two.state.closed]).toEqual([1, 0]);
    two.state['recall.reinforce-on-read'] = true;
    two.state.emit?.('PROVIDER_CONFIGURATION_CHANGED');
    expect(await b.load('acme')).toMatchObject({ 'recall.reinforce-on-read': true });
  });

  it('leaves nothing of a vault, and no credentials, in the log', async () => {
    const log = flagsLog();
    const { path } = providerModule(
      "throw new Error(`no rule for ${vault} at https://user:pw@flags.example/${'x'.repeat(500)}\\nsecret line`);",
    );
    const flags = await started(path);
    await flags.load('zebra-vault');
    await flags.load('other-vault');
    const warned = log.filter((line) => line.startsWith('warn'));
    // Once for each flag, not for each vault.
    expect(warned).toHaveLength(FLAG_NAMES.length);
    expect(warned[0]).toContain('GENERAL: no rule for … at https://…@flags.example/xxx');
    expect(log.join('\n')).not.toMatch(/zebra|other-vault|pw|secret|x{150}/);
  });
});

describe('a provider that is not there', () => {
  it('leaves safe values, and is taken when it comes', async () => {
    const log = flagsLog();
    const folder = tempFolder();
    const flags = flagsOf({ FLAGS_PROVIDER: './provider.mjs' }, folder);
    await flags.onModuleInit();
    expect(flags.load('acme')).toBeInstanceOf(Promise);
    expect(await flags.load('acme')).toEqual(SAFE);
    expect(flags.load('acme')).toEqual(SAFE);
    expect(log[0]).toContain(
      'error Safe values stand in for flags: the provider of FLAGS_PROVIDER cannot be used',
    );
    expect(log[0]).toContain('ERR_MODULE_NOT_FOUND');
    writeFileSync(
      join(folder, 'provider.mjs'),
      `const resolve = async (flag, all) => ({ value: flag === 'mcp' ? false : all });
      export default { metadata: { name: 'p' }, resolveBooleanEvaluation: resolve, resolveStringEvaluation: resolve };`,
    );
    await expect.poll(() => flags.load('acme'), soon).toEqual({ ...DEFAULTS, mcp: false });
    expect(log.at(-1)).toBe('info Flags come from the provider p');
  });

  it.each<[string, string, string]>([
    ['throws', `throw new Error('not today');`, 'Error: not today'],
    ['exports nothing', 'export const provider = {};', 'its default export is neither'],
    ['exports something else', 'export default { metadata: { name: 1 } };', 'its default export is neither'],
    [
      'exports a function that throws',
      `export default () => { throw new TypeError('no'); };`,
      'TypeError: no',
    ],
    [
      'exports a function that fails',
      `export default async () => { throw null; };`,
      'cannot be used (Error)',
    ],
    ['exports a function of nothing', 'export default () => 5;', 'its default export is neither'],
    [
      'is for browsers',
      `const resolve = () => ({ value: true });
      export default { runsOn: 'client', metadata: { name: 'web' },
        resolveBooleanEvaluation: resolve, resolveStringEvaluation: resolve };`,
      'intended for use on the client',
    ],
  ])('because its module %s', async (_, code, reason) => {
    const log = flagsLog();
    const folder = tempFolder();
    writeFileSync(join(folder, 'provider.mjs'), code);
    const flags = flagsOf({ FLAGS_PROVIDER: join(folder, 'provider.mjs') });
    await flags.onModuleInit();
    expect(await flags.load('acme')).toEqual(SAFE);
    expect(flags.problem).toContain(reason);
    expect(log[0]).toContain(reason);
    expect((await flags.explain('acme')).every(({ broken, why }) => broken && why.includes(reason))).toBe(
      true,
    );
  });

  it('is tried again while its initialisation fails', async () => {
    const log = flagsLog();
    const { path, state } = providerModule(STATED, {
      initialize: `if (state.initialised < 3) throw new Error('no connection');`,
    });
    state.mcp = false;
    const flags = await started(path);
    expect(await flags.load('acme')).toEqual(SAFE);
    expect(state.calls).toEqual([]);
    await expect.poll(() => flags.load('acme'), soon).toEqual({ ...DEFAULTS, mcp: false });
    expect(state.initialised).toBe(3);
    // The two before it were made by the function for nothing.
    expect(state.closed).toBe(2);
    expect(log.map((line) => /tried again in (\d+) s/.exec(line)?.[1])).toEqual(['1', '2', undefined]);
  });

  it('is taken when it mends itself', async () => {
    const { path, state } = providerModule(STATED, { initialize: `throw new Error('no connection');` });
    state.mcp = false;
    const flags = await started(path);
    expect(await flags.load('acme')).toEqual(SAFE);
    state.emit?.('PROVIDER_READY');
    expect(await flags.load('acme')).toEqual({ ...DEFAULTS, mcp: false });
  });

  it('does not keep the service from starting, nor from ending, by hanging', async () => {
    const { path, state } = providerModule(STATED, { initialize: `await new Promise(() => {});` });
    state.mcp = false;
    const flags = await started(path);
    expect(await flags.load('acme')).toEqual(SAFE);
    await flags.onModuleDestroy();

    const folder = tempFolder();
    writeFileSync(
      join(folder, 'p.mjs'),
      `await new Promise(() => setInterval(() => {}, 1000)); export default 1;`,
    );
    const other = flagsOf({ FLAGS_PROVIDER: './p.mjs' }, folder);
    await other.onModuleInit();
    expect(await other.load('acme')).toEqual(SAFE);
    await other.onModuleDestroy();
  });

  it('may be a package beside which the service is started, or CommonJS', async () => {
    const folder = tempFolder();
    const place = join(folder, 'node_modules', 'flags-of-a-test');
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'package.json'), '{"name": "flags-of-a-test", "main": "index.cjs"}');
    writeFileSync(
      join(place, 'index.cjs'),
      `const resolve = async (flag, all) => ({ value: flag === 'mcp' ? false : all });
      exports.default = async () => ({ metadata: { name: 'package' }, onClose() { throw new Error('no'); },
        resolveBooleanEvaluation: resolve, resolveStringEvaluation: resolve });
      Object.defineProperty(exports, '__esModule', { value: true });`,
    );
    const flags = flagsOf({ FLAGS_PROVIDER: 'flags-of-a-test' }, folder);
    await flags.onModuleInit();
    expect(await flags.load('acme')).toEqual({ ...DEFAULTS, mcp: false });
    expect((await flags.explain('acme')).find(({ flag }) => flag === 'mcp')).toMatchObject({
      value: false,
      why: 'provider package: no reason given',
    });
  });
});
