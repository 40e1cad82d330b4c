import { beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS, dateOf, dayOf } from '../../src/stats/event-types.js';
import { DEFAULT_VAULT } from '../../src/vaults/vault-id.js';
import { type Answer, type Client, TestService, newDatabase } from '../harness/app.js';
import { runBuilt } from '../harness/built.js';
import { DatabaseEditor } from '../harness/database-editor.js';
import { environmentOf } from '../harness/migrated-database.js';
import { SERVICE, callerOf } from '../harness/vaultless.js';

const ROUTE = `/v1/vaults/${DEFAULT_VAULT}/rollout`;
const OPERATOR = [...SERVICE, 'operator'];
const REHOME = 'npm run rehome -- --vault default-vault --by user';

const daysAgo = (n: number) => dayOf(Date.now()) - n * DAY_MS;
const day = (n: number) => dateOf(daysAgo(n));

/** Counts of earlier days, as the service kept them then. */
function keep(
  place: string,
  ...rows: [client: string, mode: string, daysAgo: number, count: number][]
): void {
  const editor = new DatabaseEditor(place);
  editor.insert(
    'stats',
    ...rows.map(([client, mode, ago, count]) => ({
      vault_id: DEFAULT_VAULT,
      ...{
        user_id: '',
        type: 'token-without-vault',
        ts: daysAgo(ago),
        dims: JSON.stringify({ client, mode }),
      },
      count,
    })),
  );
  editor.close();
}

/** A database with default-vault in it: two memories of ana, one of ben, one of nobody. */
async function upgraded(): Promise<string> {
  const place = newDatabase();
  const service = await TestService.start({}, place);
  for (const user of ['ana', 'ana', 'ben', undefined]) {
    const client = service.as(DEFAULT_VAULT, user);
    expect((await client.post('/v1/memories', { content: `an owl of ${user}` })).status).toBe(201);
  }
  await service.stop();
  return place;
}

/** Starts a service with a mode, and asks it as an operator. */
async function during<T>(
  place: string,
  mode: string,
  work: (operator: Client, service: TestService) => Promise<T>,
) {
  const service = await TestService.start({ FLAG_TENANCY_ENFORCEMENT: mode }, place);
  try {
    return await work(service.as('ops', undefined, OPERATOR), service);
  } finally {
    await service.stop();
  }
}

const report = (place: string, mode: string, query = '') =>
  during(place, mode, async (operator) => (await operator.get(ROUTE + query)).body);

describe('GET /v1/vaults/{id}/rollout', () => {
  it('walks from legacy to done', async () => {
    const place = await upgraded();
    const setting = (mode: string) => [
      `FLAG_TENANCY_ENFORCEMENT=${mode}, or in FLAGS_FILE a rule of tenancy.enforcement with the value ${mode} for default-vault`,
    ];
    const none = 'nothing in the last 30 days: 0 requests without a vault claim.';
    const empty = { since: day(29), total: 0, in_shadow: 0, client_count: 0, clients: [] };

    const legacy = await report(place, 'legacy');
    expect(legacy).toMatchObject({
      vault_id: DEFAULT_VAULT,
      phase: 'legacy',
      enforcement: { mode: 'legacy', vault_id: DEFAULT_VAULT, tokens_without_vault: empty },
      ...{ memories: 4, users: 2, unowned: 1 },
      next: { phase: 'shadow', how: setting('shadow') },
    });
    expect(legacy.next.changes.at(-1)).toBe(`So far: ${none}`);
    expect(legacy.flags).toContainEqual({ flag: 'tenancy.enforcement', value: 'legacy' });
    expect(legacy.flags).toContainEqual({ flag: 'mcp', value: true });

    keep(place, ['mobile', 'legacy', 20, 5], ['batch', 'legacy', 12, 2], ['forgotten', 'legacy', 40, 9]);
    const shadow = await report(place, 'shadow');
    expect(shadow).toMatchObject({
      phase: 'shadow',
      next: { phase: 'enforced', how: setting('enforced') },
    });
    expect(shadow.next.changes.slice(1)).toEqual([
      `Shadow has found ${none}`,
      `Before shadow, in legacy: 7 requests of 2 clients since ${day(29)} had none: "mobile" (5), "batch" (2). The last was seen on ${day(12)}.`,
    ]);

    keep(place, ['mobile', 'shadow', 3, 10], ['batch', 'shadow', 1, 1], ['mobile', 'shadow', 1, 1]);
    const found = await report(place, 'shadow');
    expect(found.enforcement.tokens_without_vault).toEqual({
      ...{ since: day(29), total: 19, in_shadow: 12, client_count: 2 },
      clients: [
        { client: 'mobile', count: 16, in_shadow: 11, first_seen: day(20), last_seen: day(1) },
        { client: 'batch', count: 3, in_shadow: 1, first_seen: day(12), last_seen: day(1) },
      ],
    });
    expect(found.next.changes[1]).toBe(
      `12 requests of 2 clients since ${day(29)} would have been refused: "mobile" (11), "batch" (1).`,
    );
    const short = await report(place, 'shadow', '?days=2');
    expect(short.enforcement.tokens_without_vault).toMatchObject({ since: day(1), total: 2 });
    const long = await report(place, 'shadow', '?days=60');
    expect(long.enforcement.tokens_without_vault).toMatchObject({ total: 28, client_count: 3 });
    const today = await report(place, 'shadow', '?days=1');
    expect(today.next.changes[1]).toBe(
      'Shadow has found nothing in the last 1 day: 0 requests without a vault claim.',
    );

    const enforced = await report(place, 'enforced');
    expect(enforced).toMatchObject({
      phase: 'enforced',
      next: { phase: 're-home', how: [`${REHOME} --dry-run`] },
    });
    expect(enforced.next.changes[0]).toContain('19 requests of 2 clients');
    const quiet = await report(place, 'enforced', '?days=1');
    expect(quiet).toMatchObject({
      phase: 're-home',
      next: {
        phase: 'clean-up',
        changes: [
          '2 users with 3 memories would leave default-vault for vaults of their own, and tokens that name default-vault find nothing of theirs any more.',
          'What users share with one another stays; the dry run names it.',
          '1 memory of nobody would stay.',
        ],
        how: [`${REHOME} --dry-run`, REHOME],
      },
    });

    const { status } = await runBuilt(
      'src/cli/rehome',
      ['--vault', DEFAULT_VAULT, '--by', 'user'],
      environmentOf(place),
    );
    expect(status).toBe(0);
    await during(place, 'enforced', async (operator, service) => {
      const { body } = await operator.get(ROUTE);
      expect(body).toMatchObject({ phase: 'done', memories: 1, users: 0, unowned: 1, next: null });
      const admin = service.as(DEFAULT_VAULT, undefined, [...SERVICE, 'admin']);
      await admin.patch('/v1/vault', { share_unowned: true });
      const { body: shared } = await operator.get(ROUTE);
      expect(shared).toMatchObject({ phase: 'clean-up', next: { phase: 'done' } });
      expect(shared.next.changes[0]).toContain('1 memory;');
      expect(shared.next.how[0]).toContain('{"share_unowned":false}');
      await operator.post(`/v1/vaults/${DEFAULT_VAULT}/suspend`, undefined);
      expect((await operator.get(ROUTE)).body).toMatchObject({ phase: 'done', next: null });
    });
    const closed = await report(place, 'legacy');
    expect([closed.phase, closed.next.changes[0]]).toEqual([
      'legacy',
      'default-vault is suspended: tokens that work in it are refused anyway.',
    ]);
    await during(place, 'enforced', async (operator) => {
      await operator.delete(`/v1/vaults/${DEFAULT_VAULT}`);
      const { body: erased } = await operator.get(ROUTE);
      expect(erased).toMatchObject({ phase: 'done', next: null, memories: 0 });
      expect(erased.enforcement.tokens_without_vault).toEqual(empty);
    });
  });

  it('reads damaged counts as those of somebody', async () => {
    const place = await upgraded();
    const editor = new DatabaseEditor(place);
    const row = {
      vault_id: DEFAULT_VAULT,
      user_id: '',
      type: 'token-without-vault',
      ts: daysAgo(0),
      count: 1,
    };
    const dims = ['', '{', 'null', '7', '[]', '{"client":7,"mode":"shadow"}', '{"client":"a","mode":"x"}'];
    editor.insert('stats', ...dims.map((text) => ({ ...row, dims: text })));
    editor.close();
    const { enforcement } = await report(place, 'shadow');
    expect(enforcement.tokens_without_vault.clients).toMatchObject([{ client: 'other', count: dims.length }]);
  });

  it.each([
    ['legacy', 'legacy', 'shadow'],
    ['shadow', 'shadow', 'enforced'],
    ['enforced', 'done', undefined],
  ])('of another vault, says whose flag it is: %s', async (mode, phase, next) => {
    await during(newDatabase(), mode, async (operator, service) => {
      await service.as('acme').post('/v1/memories', { content: 'an owl' });
      await service.as(DEFAULT_VAULT).post('/v1/memories', { content: 'an owl' });
      if (mode !== 'enforced') await callerOf(service, { sub: 'ana' }).get('/v1/whoami');
      const { body } = await operator.get('/v1/vaults/acme/rollout');
      expect(body).toMatchObject({
        ...{ vault_id: 'acme', phase, memories: 1 },
        enforcement: { mode, vault_id: DEFAULT_VAULT, tokens_without_vault: null },
      });
      expect(body.next?.phase).toBe(next);
      if (next)
        expect(body.next.changes[0]).toContain('is for the flag tenancy.enforcement of default-vault');
    });
  });

  it('is for operators, and of vaults that are there', async () => {
    await during(await upgraded(), 'shadow', async (operator, service) => {
      for (const client of [
        service.as(DEFAULT_VAULT),
        service.as(DEFAULT_VAULT, 'ana', ['read', 'write', 'delete', 'admin']),
        service.as('other', undefined, [...SERVICE, 'admin']),
        callerOf(service, { permissions: SERVICE }),
      ]) {
        const answers = await Promise.all(
          [ROUTE, '/v1/vaults/none/rollout', '/v1/vaults/no%20vault/rollout'].map((path) => client.get(path)),
        );
        expect(answers.map(({ status, body }) => [status, body.code])).toEqual(
          Array(3).fill([403, 'FORBIDDEN']),
        );
      }
      const told = ({ status, text }: Answer) => [
        status,
        text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID'),
      ];
      for (const id of ['none', 'no%20vault', '%00', '%ff', 'v'.repeat(200), "'%3B--", '__proto__']) {
        const answer = told(await operator.get(`/v1/vaults/${id}/rollout`));
        expect(answer).toEqual(told(await operator.get(`/v1/vaults/${id}`)));
        expect([400, 404]).toContain(answer[0]);
      }
      for (const query of ['days=0', 'days=367', 'days=x', 'days=1.5', 'days=-1', 'days=1&days=2', 'x=1']) {
        expect([query, (await operator.get(`${ROUTE}?${query}`)).status]).toEqual([query, 400]);
      }
      expect((await operator.get(`${ROUTE}?days=366`)).status).toBe(200);
    });
  });
});

describe('npm run rollout', () => {
  let place: string;
  beforeAll(async () => {
    place = await upgraded();
    keep(place, ['a "quoted" owl', 'shadow', 2, 3], ['batch', 'legacy', 40, 1]);
  });

  const run = (args: string[], env: NodeJS.ProcessEnv = {}) =>
    runBuilt('src/cli/rollout', args, { ...environmentOf(place), ...env });
  const SHADOW = { FLAG_TENANCY_ENFORCEMENT: 'shadow' };

  it('tells it in words, with the next step', async () => {
    const { status, stdout, stderr } = await run(['--vault', DEFAULT_VAULT], SHADOW);
    expect([status, stderr]).toEqual([0, '']);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.every((line) => line.startsWith('[ROLLOUT] '))).toBe(true);
    for (const part of [
      'default-vault: phase shadow',
      'Tokens without a vault claim: shadow, by tenancy.enforcement of default-vault',
      '4 memories: 3 of 2 users, 1 of nobody',
      `Requests without a vault claim in 30 days since ${day(29)}: 3, 3 in shadow, of 1 client;`,
      `"a \\"quoted\\" owl": 3, 3 in shadow, ${day(2)} to ${day(2)}`,
      'Next: enforced',
      `3 requests of 1 client since ${day(29)} would have been refused: "a \\"quoted\\" owl" (3).`,
      'By: FLAG_TENANCY_ENFORCEMENT=enforced',
      'last 30 seconds',
    ]) {
      expect(stdout).toContain(part);
    }
  });

  it('tells as many days as it is asked for, and other vaults', async () => {
    expect((await run(['--vault', DEFAULT_VAULT, '--days', '60'], SHADOW)).stdout).toContain(
      '"batch": 1, 0 in',
    );
    expect((await run(['--vault', DEFAULT_VAULT, '--days', '1'])).stdout).toContain('phase re-home');
    const service = await TestService.start({}, place);
    await service.as('acme', 'ana').post('/v1/memories', { content: 'an owl' });
    await service.stop();
    const { status, stdout } = await run(['--vault', 'acme']);
    expect([status, stdout.includes('acme: phase done'), stdout.includes('Nothing is left')]).toEqual([
      0,
      true,
      true,
    ]);
  });

  it('tells it as the route does', async () => {
    const { status, stdout } = await run(['--vault', DEFAULT_VAULT, '--json', '--days', '60'], SHADOW);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual(await report(place, 'shadow', '?days=60'));
  });

  it('tells of no vault that is not there, and of mistakes', async () => {
    for (const args of [
      ['--vault', 'none'],
      [],
      ['--vault', 'no vault'],
      ['--vault', DEFAULT_VAULT, '--days', '0'],
      ['--vault', DEFAULT_VAULT, '--days', '1e1'],
      ['--vault', DEFAULT_VAULT, 'more'],
    ]) {
      const { status, stdout, stderr } = await run(args);
      expect([args, status, stdout]).toEqual([args, 2, '']);
      expect(stderr).not.toContain('    at ');
    }
    expect((await run(['--vault', 'none'])).stderr).toBe('[ERROR] There is no vault with this id.\n');
    const help = await run(['--help']);
    expect([help.status, help.stdout.includes('npm run rollout')]).toEqual([0, true]);
  });

  it('changes nothing', async () => {
    const stats = () => {
      const view = new DatabaseEditor(place);
      const rows = ['stats', 'vaults', 'scopes'].map((table) =>
        view.all(`SELECT * FROM ${table} ORDER BY 1, 2, 3`),
      );
      view.close();
      return rows;
    };
    const before = stats();
    await run(['--vault', DEFAULT_VAULT], SHADOW);
    await run(['--vault', 'none'], SHADOW);
    expect(stats()).toEqual(before);
  });
});
