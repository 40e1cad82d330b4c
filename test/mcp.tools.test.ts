import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { McpTools } from '../src/mcp/mcp-tools.js';
import { makeScope } from '../src/tenancy/scope.js';
import { TenantContext } from '../src/tenancy/tenant-context.js';
import { TestService } from './harness/app.js';
import { tamper } from './harness/stored-memories.js';

let service: TestService;

beforeAll(async () => {
  service = await TestService.start();
});

afterAll(() => service.stop());

interface Caller {
  readonly vault: string;
  readonly user?: string;
  readonly selfName?: string;
}

/** Calls a tool in a scope, as the guard would have made it. */
async function call({ vault, user, selfName }: Caller, name: string, args: object = {}) {
  const permissions = ['read', 'write', 'delete'] as const;
  const scope = makeScope({ vaultId: vault, userId: user, permissions, selfName });
  const params = { name, arguments: args as Record<string, unknown> };
  const { content, isError = false } = await TenantContext.run(scope, () =>
    service.app.get(McpTools).call(params),
  );
  const texts = content.map((part) => ('text' in part ? part.text : ''));
  return {
    isError,
    text: texts[0],
    json: texts[1] === undefined ? undefined : JSON.parse(texts[1]),
  };
}

const store = async (caller: Caller, content: string, more: object = {}) =>
  (await call(caller, 'openmemory_store', { content, ...more })).json.hsg.id as string;

const ids = (items: readonly { id: string }[]) => items.map(({ id }) => id);

describe('a caller who has a name for itself', () => {
  const self = { vault: 'self', selfName: 'cc94dedac45651d4' };

  it('is as if it named nobody, and is told its name for what is nobody’s', async () => {
    const stored = await call(self, 'openmemory_store', { content: 'An owl.', user_id: self.selfName });
    expect(stored.json.user_id).toBe(self.selfName);
    const id = stored.json.hsg.id as string;
    for (const args of [{}, { user_id: self.selfName }]) {
      expect((await call(self, 'openmemory_list', args)).json.items).toMatchObject([
        { id, user_id: self.selfName },
      ]);
      expect((await call(self, 'openmemory_query', { query: 'owl', ...args })).json.contextual).toHaveLength(
        1,
      );
    }
    expect((await call({ vault: 'self' }, 'openmemory_list')).json.items).toMatchObject([
      { id, user_id: null },
    ]);
    const deleted = await call(self, 'openmemory_delete', { id, user_id: self.selfName });
    expect(deleted.text).toBe(`Memory ${id} successfully deleted.`);
  });

  it('may name others beside', async () => {
    const id = await store(self, 'An owl of Ana.', { user_id: 'ana' });
    expect(ids((await call(self, 'openmemory_list', { user_id: 'ana' })).json.items)).toEqual([id]);
    expect((await call(self, 'openmemory_list', { user_id: 'ben' })).json.items).toEqual([]);
  });
});

describe('a service’s token', () => {
  const whole = { vault: 'whole' };

  it('names any user of its vault, and sees all where it names none', async () => {
    const ana = await store(whole, 'An owl of Ana', { user_id: 'ana' });
    const ben = await store(whole, 'An owl of Ben', { user_id: 'ben' });
    const none = await store(whole, 'An owl of nobody');
    expect(ids((await call(whole, 'openmemory_list')).json.items)).toEqual([none, ben, ana]);
    expect(ids((await call(whole, 'openmemory_list', { user_id: 'ana' })).json.items)).toEqual([ana]);
    const found = await call(whole, 'openmemory_query', { query: 'owl', user_id: 'ben' });
    expect(ids(found.json.contextual)).toEqual([ben]);
    const context = await call(whole, 'cairn_context', { query: 'owl', user_id: 'ben' });
    expect(ids(context.json.memories)).toEqual([ben]);
  });

  it('reaches by a wrong owner what it reaches by an unknown id', async () => {
    const id = await store(whole, 'A bat of Ana', { user_id: 'ana' });
    for (const name of ['openmemory_get', 'openmemory_delete']) {
      for (const one of [id, 'nothing']) {
        const { text, isError } = await call(whole, name, { id: one, user_id: 'ben' });
        expect([text, isError]).toEqual([`Memory ${one} not found for user ben.`, false]);
      }
    }
    expect((await call(whole, 'openmemory_get', { id, user_id: 'ana' })).text).toContain('A bat of Ana');
  });
});

describe('a project', () => {
  const whole = { vault: 'projects' };
  const stored = (content: string, project_id: string) =>
    call(whole, 'openmemory_store_project', { content, project_id });

  it('is a collection: a query has its memories, those of all projects and those of none', async () => {
    const alpha = (await stored('The owl of alpha', 'alpha')).json.hsg.id;
    const beta = (await stored('The owl of beta', 'beta')).json.hsg.id;
    const global = await store(whole, 'The owl of everyone');
    const { id: none } = (await service.as('projects').post('/v1/memories', { content: 'The owl of none' }))
      .body;
    const query = async (args: object) =>
      ids((await call(whole, 'openmemory_query', { query: 'owl', ...args })).json.contextual).sort();
    expect(await query({})).toEqual([alpha, beta, global, none].sort());
    expect(await query({ project_id: 'alpha' })).toEqual([alpha, global, none].sort());
    expect(await query({ project_id: 'alpha', k: 1 })).toHaveLength(1);
    expect(ids((await call(whole, 'openmemory_list', { project_id: 'alpha' })).json.items)).toEqual([alpha]);
    const { body } = await service.as('projects').get('/v1/memories?collection=alpha');
    expect(ids(body.items)).toEqual([alpha]);
  });

  it('is compared before something is deleted', async () => {
    const { id } = (await stored('The bat of alpha', 'alpha')).json.hsg;
    const wrong = await call(whole, 'openmemory_delete', { id, project_id: 'beta' });
    expect(wrong.text).toBe(`Memory ${id} not found in project beta.`);
    const right = await call(whole, 'openmemory_delete', { id, project_id: 'alpha' });
    expect(right.text).toBe(`Memory ${id} successfully deleted.`);
  });

  it('does not keep a query from its matches behind many of another', async () => {
    const many = { vault: 'many-projects' };
    const rows = Array.from({ length: 300 }, (_, i) => ({ content: `owl owl owl ${i}`, collection: 'beta' }));
    await service.as(many.vault).post('/v1/memories/batch', rows);
    await call(many, 'openmemory_store_project', { content: 'one owl among much else', project_id: 'alpha' });
    const found = await call(many, 'openmemory_query', { query: 'owl', project_id: 'alpha', k: 5 });
    expect(found.json.contextual).toMatchObject([{ content: 'one owl among much else' }]);
  });
});

describe('what is stored', () => {
  const whole = { vault: 'stored' };

  it('is whole, and stored again when it is sent again', async () => {
    const content = `${'A long remark about owls. '.repeat(400)}The end.`;
    const [first, second] = [await store(whole, content), await store(whole, content)];
    expect(first).not.toBe(second);
    const { text } = await call(whole, 'openmemory_get', { id: first });
    expect(JSON.parse(text).content).toBe(content);
    const { json } = await call(whole, 'openmemory_list', { limit: 1 });
    expect(json.items[0].content_preview).toBe(`${content.slice(0, 240).trimEnd()}...`);
  });

  it('keeps what cannot be written anew to the letter', async () => {
    const id = await store(whole, 'Exact numbers', { metadata: { a: 1 } });
    await tamper(
      service.databasePath,
      'UPDATE memories SET metadata = ? WHERE id = ?',
      '{"n":12345678901234567890}',
      id,
    );
    const { text } = await call(whole, 'openmemory_get', { id });
    expect(text).toContain('"metadata":{"n":12345678901234567890}');
  });

  it('has its sector by its words, or as metadata say', async () => {
    const { json } = await call(whole, 'openmemory_store', {
      content: 'x',
      metadata: { sector: 'reflective' },
    });
    expect(json.hsg).toMatchObject({ primary_sector: 'reflective', sectors: ['reflective'] });
    const found = await call(whole, 'openmemory_list', { sector: 'reflective' });
    expect(ids(found.json.items)).toEqual([json.hsg.id]);
  });

  it('is left out of a query by its salience', async () => {
    const caller = { vault: 'salience' };
    const [, strong] = [await store(caller, 'a weak owl'), await store(caller, 'a strong owl')];
    await call(caller, 'openmemory_reinforce', { id: strong, boost: 1 });
    const query = { query: 'owl', min_salience: 0.9 };
    expect(ids((await call(caller, 'openmemory_query', query)).json.contextual)).toEqual([strong]);
  });
});

describe('facts', () => {
  const whole = { vault: 'facts' };
  const fact = { subject: 'alpha', predicate: 'uses', object: 'Postgres' };

  it('are not stored, nor is anything else then, and it is said', async () => {
    for (const args of [
      { type: 'both', facts: [fact] },
      { type: 'factual', facts: [fact] },
      { facts: [fact] },
    ]) {
      const { isError, text } = await call(whole, 'openmemory_store', { content: 'An owl', ...args });
      expect([isError, text]).toEqual([true, expect.stringMatching(/^Error: facts cannot be stored yet/)]);
    }
    expect((await call(whole, 'openmemory_list')).json.items).toEqual([]);
  });

  it('that came with a database are found as they held at a time', async () => {
    const row = (id: string, object: string, from: number, to: number | null, more: object = {}) => ({
      ...{
        vault_id: 'facts',
        id,
        user_id: '',
        collection: null,
        subject: 'alpha',
        predicate: 'uses',
        object,
      },
      ...{ valid_from: from, valid_to: to, confidence: 1, metadata: '{}', last_updated: from },
      ...more,
    });
    const [start, end] = [Date.parse('2026-01-01'), Date.parse('2026-02-01')];
    for (const one of [
      row('f1', 'SQLite', start, end - 1),
      row('f2', 'Postgres', end, null),
      row('f3', 'Redis', end, null, { user_id: 'ana', confidence: 0.5 }),
      row('f4', 'Kafka', end, null, { collection: 'beta', confidence: 0.4 }),
      row('f5', 'Oracle', end, null, { vault_id: 'facts-of-others' }),
    ]) {
      const columns = Object.keys(one);
      const sql = `INSERT INTO facts (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
      await tamper(service.databasePath, sql, ...Object.values(one));
    }
    const query = async (args: object, caller: Caller = whole) =>
      (await call(caller, 'openmemory_query', { query: 'x', type: 'factual', ...args })).json.factual.map(
        ({ id }: { id: string }) => id,
      );
    expect(await query({ at: '2026-01-15' })).toEqual(['f1']);
    expect(await query({})).toEqual(['f2', 'f3', 'f4']);
    expect(await query({ fact_pattern: { object: 'Postgres' } })).toEqual(['f2']);
    expect(await query({ fact_pattern: { subject: 'beta' } })).toEqual([]);
    expect(await query({ user_id: 'ana' })).toEqual(['f3']);
    expect(await query({ project_id: 'alpha' })).toEqual(['f2', 'f3']);
    expect(await query({ project_id: 'beta' })).toEqual(['f2', 'f3', 'f4']);
    expect(await query({}, { vault: 'facts', user: 'ana' })).toEqual(['f3']);
    expect(await query({}, { vault: 'facts', user: 'ben' })).toEqual([]);
    const unified = await call(whole, 'openmemory_query', { query: 'owl', type: 'unified' });
    expect(unified.text).toMatch(
      /^Found 0 contextual memories and 3 temporal facts\.\n\n=== Temporal Facts ===\n1\. /,
    );
    expect(unified.json.factual[0]).toEqual({
      ...{ source: 'temporal', id: 'f2', subject: 'alpha', predicate: 'uses', object: 'Postgres' },
      ...{
        valid_from: '2026-02-01T00:00:00.000Z',
        valid_to: null,
        confidence: 1,
        content: 'alpha uses Postgres',
      },
    });
    const wrong = await call(whole, 'openmemory_query', { query: 'x', type: 'factual', at: 'soon' });
    expect(wrong.text).toBe('Error: invalid arguments: at must be an ISO date');
  });
});
