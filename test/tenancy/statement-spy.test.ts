import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from '../harness/app.js';
import { useEverything } from '../harness/everything.js';
import { SCHEMA, onPostgres } from '../harness/postgres/postgres-databases.js';
import { statementsDuring } from '../harness/statement-spy.js';
import { TABLES } from '../harness/tenant-rows.js';

const CONTROL =
  /^(BEGIN|BEGIN IMMEDIATE|COMMIT|ROLLBACK|(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) nested_\d+|SELECT 1|PRAGMA data_version)$/;

/** What opens a transaction on PostgreSQL: its kind and limits, its vault, and its turn to write. */
const OPENING =
  /^(BEGIN ISOLATION LEVEL (READ COMMITTED|REPEATABLE READ) READ (ONLY|WRITE)(; SET LOCAL \w+_timeout = \d+){2,3}|SET LOCAL app\.vault_id = '[\w.:-]+'|SELECT pg_advisory_xact_lock\(-?\d+\))$/;

describe('the statements of the service', () => {
  let service: TestService;
  beforeAll(async () => {
    service = await TestService.start();
  });
  afterAll(() => service.stop());

  const as: Record<string, (vault: string) => Client> = {
    user: (vault) => service.as(vault, `${vault}'s user`),
    'whole vault': (vault) => service.as(vault),
  };

  it.each(Object.keys(as))('are a finite set, and each is confined to its vault: for the %s', async (who) => {
    const words = ['anna', 'berta', "o'neill", 'x'.repeat(60)];
    const texts = await seen(who, words[0]);
    expect(texts.size).toBeGreaterThan(20);
    for (const text of texts) if (!CONTROL.test(text)) expectConfined(text, who === 'user');
    for (const word of words.slice(1)) {
      expect([...(await seen(who, word))].filter((text) => !texts.has(text))).toEqual([]);
    }
    console.log(`for the ${who}: ${texts.size} different statements`);
  });

  /** The texts of the statements that a vault of its own makes. */
  async function seen(who: string, word: string): Promise<Set<string>> {
    const vault = `${who}-${word}`.replaceAll(/[^a-z]/g, '-');
    const statements = await statementsDuring(() => useEverything(as[who](vault), word));
    // The number of a value does not matter, but that it stands outside the text.
    const texts = statements
      .filter((text) => !OPENING.test(text))
      .map((text) => text.replaceAll(/\$\d+/g, '?'));
    return new Set(texts.map((text) => text.replaceAll(`"${SCHEMA}".`, '')));
  }

  it.runIf(onPostgres)('set no vault but that of who asks, and nothing else that lasts', async () => {
    const statements = await statementsDuring(() => useEverything(as.user('anna'), 'anna'));
    const opening = statements.filter((text) => /\bSET\b(?!.*\bWHERE\b)|set_config|pg_/i.test(text));
    for (const text of opening) expect(text).toMatch(OPENING);
    const vaults = statements.filter((text) => text.includes('app.vault_id'));
    expect(new Set(vaults)).toEqual(new Set([`SET LOCAL app.vault_id = 'anna'`]));
    // Every message of values comes between the setting and the end of its transaction.
    expect(vaults.length).toBe(statements.filter((text) => text.startsWith('BEGIN')).length);
  });
});

/** Statements that look beyond the user on purpose: is an id taken, what has expired. */
const OF_THE_VAULT =
  /"(?:id" = \?|expires_at" <= \?)\)*\s*\) AND \( "(?:Memory|taken|expired)"\."vault_id" = \? \)/;

/** Looks at a statement as a reader would, without the tripwire's eyes. */
function expectConfined(text: string, ofUser: boolean): void {
  const named = Object.keys(TABLES).filter((table) => text.includes(`"${table}"`));
  expect([text, named]).not.toEqual([text, []]);
  // No value stands in the text: no string but the empty one and how bytes are written, no number but 0, 1 and those
  // of LIMIT.
  expect(text.replaceAll(/''|(?<=encode\("\w+"\."data", )'base64'/g, '')).not.toMatch(/'/);
  expect(text.replaceAll(/LIMIT \d+|\w*[a-z_]\w*/gi, '')).not.toMatch(/[2-9]|\d\d/);
  if (text.startsWith('INSERT')) {
    expect(text).toMatch(/^INSERT INTO "\w+"(?: AS "\w+")?\("vault_id", .*VALUES \(\?, /);
    return;
  }
  expect(text).toMatch(/"vault_id" = \?/);
  const owned = named.some((table) => TABLES[table] === 'owned');
  if (ofUser && owned && text.startsWith('SELECT') && !OF_THE_VAULT.test(text)) {
    expect(text).toMatch(/"user_id" (?:= \?|IN \(\?, ''\))/);
  }
}
