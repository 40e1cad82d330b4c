import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { tempFolder } from '../harness/temp-folder.js';

const COMMAND = resolve('dist/src/cli/flags.js');

/** Runs `npm run flags` as it is built, in a folder of its own. */
async function run(env: NodeJS.ProcessEnv, words: readonly string[] = [], folder = tempFolder()) {
  const child = spawn(process.execPath, [COMMAND, ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit'),
  ]);
  const lines = out.trim().split('\n');
  const why = (flag: string) =>
    lines
      .find((line) => line.startsWith(`${flag} `))
      ?.split(/ {2,}/)
      .slice(1);
  return { status: status as number, out, err, lines, why };
}

describe('npm run flags', () => {
  it('lists the defaults, without a database and without credentials', async () => {
    const { status, lines, why, err } = await run({
      NODE_ENV: 'production',
      DATABASE_URL: 'sqlite:/nowhere/x.db',
    });
    expect({ status, err, count: lines.length }).toEqual({ status: 0, err: '', count: 9 });
    expect(why('tenancy.enforcement')).toEqual(['enforced', 'default']);
    expect(why('recall.waypoints')).toEqual(['true', 'default']);
  });

  it('says what decided', async () => {
    const folder = tempFolder();
    writeFileSync(
      join(folder, 'flags.yaml'),
      `flags:
  tenancy.enforcement:
    rules:
      - {value: legacy, vaults: [acme]}
      - {value: shadow, percentage: 100}
  openmemory-contract: false
`,
    );
    const env = {
      FLAGS_FILE: 'flags.yaml',
      FLAG_MCP: 'false',
      FLAG_RECALL_REINFORCE_ON_READ: '{"rules": [{"value": true, "vaults": ["acme"]}]}',
      WAYPOINTS_AUTOMATIC: 'false',
      USER_SUMMARIES: 'false',
      REFLECTION: 'true',
      OM_HYBRID_FUSION: 'true',
    };
    const acme = await run(env, ['--vault', 'acme'], folder);
    expect(acme.status).toBe(0);
    expect(acme.err).toContain('OM_HYBRID_FUSION has no effect');
    expect(acme.why('tenancy.enforcement')).toEqual(['legacy', 'rule 1 of flags.yaml: vault listed']);
    expect(acme.why('openmemory-contract')).toEqual(['false', 'flags.yaml']);
    expect(acme.why('mcp')).toEqual(['false', 'FLAG_MCP']);
    expect(acme.why('recall.reinforce-on-read')).toEqual([
      'true',
      'rule 1 of FLAG_RECALL_REINFORCE_ON_READ: vault listed',
    ]);
    expect(acme.why('recall.waypoints')).toEqual(['false', 'setting WAYPOINTS_AUTOMATIC']);
    expect(acme.why('memories.summaries')).toEqual(['false', 'setting USER_SUMMARIES']);
    expect(acme.why('memories.reflection')).toEqual(['true', 'setting REFLECTION']);
    expect(acme.why('recall.hybrid-fusion')).toEqual(['true', 'setting OM_HYBRID_FUSION']);
    const other = await run(env, [], folder);
    const [value, why] = other.why('tenancy.enforcement')!;
    expect(value).toBe('shadow');
    expect(why).toMatch(/^rule 2 of flags\.yaml: 100 %, the vault is at \d+\.\d\d$/);
    expect(other.why('recall.reinforce-on-read')).toEqual(['false', 'default']);
  });

  it('says it in JSON too', async () => {
    const { status, out } = await run({ FLAG_MCP: 'false' }, ['--json', '--vault', 'acme']);
    const { vault, flags } = JSON.parse(out) as { vault: string; flags: object[] };
    expect({ status, vault, count: flags.length }).toEqual({ status: 0, vault: 'acme', count: 9 });
    expect(flags).toContainEqual({ flag: 'mcp', value: false, why: 'FLAG_MCP', broken: false });
  });

  it('fails where safe values stand in', async () => {
    const folder = tempFolder();
    writeFileSync(join(folder, 'flags.json'), '{"flags": {\n"mpc": true}}');
    const broken = await run({ FLAGS_FILE: 'flags.json' }, [], folder);
    expect(broken.status).toBe(1);
    expect(broken.why('tenancy.shared-memories')).toEqual([
      'false',
      expect.stringContaining('safe value: flags.json cannot be used: line 2, flags has no flag "mpc"'),
    ]);
    const missing = await run({ FLAGS_PROVIDER: './none.mjs' }, [], folder);
    expect(missing.status).toBe(1);
    expect(missing.why('mcp')?.[1]).toContain('safe value: the provider of FLAGS_PROVIDER cannot be used');
    writeFileSync(join(folder, 'provider.mjs'), 'export default {');
    const unreadable = await run({ FLAGS_PROVIDER: './provider.mjs' }, [], folder);
    expect(unreadable.status).toBe(1);
    expect(unreadable.why('mcp')?.[1]).toContain('cannot be used (SyntaxError: ');
  });

  it('asks a provider, and ends though that would go on', async () => {
    const folder = tempFolder();
    writeFileSync(
      join(folder, 'provider.mjs'),
      `setInterval(() => {}, 1000);
      const resolve = async (flag, all, { vaultId }) =>
        flag === 'mcp' ? { value: vaultId === 'acme', reason: 'TARGETING_MATCH' } : { value: all, errorCode: 'FLAG_NOT_FOUND' };
      export default async () => ({ metadata: { name: 'ours' }, onClose: () => new Promise(() => {}),
        resolveBooleanEvaluation: resolve, resolveStringEvaluation: resolve });`,
    );
    const { status, why, err } = await run(
      { FLAGS_PROVIDER: './provider.mjs', FLAG_MCP: 'true' },
      [],
      folder,
    );
    expect(status).toBe(0);
    expect(why('mcp')).toEqual(['false', 'provider ours: TARGETING_MATCH']);
    expect(why('tenancy.enforcement')).toEqual(['enforced', 'default: provider ours does not know it']);
    expect(err).toContain('FLAG_MCP has no effect: FLAGS_PROVIDER decides.');
  });

  it.each([
    [{}, ['--vault', 'a/b'], '--vault must be'],
    [{}, ['--vaults'], 'Unknown option'],
    [{ FLAGS_FILE: 'a.json', FLAGS_PROVIDER: 'b' }, [], 'are both set'],
    [{ FLAG_MCP: 'maybe' }, [], 'FLAG_MCP must be true, false'],
  ])('cannot be used with %j %j', async (env, words, sentence) => {
    const { status, out, err } = await run(env, words);
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toContain(sentence);
  });
});
