import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, TestService } from '../harness/app.js';
import { useEverything } from '../harness/everything.js';
import { statementsDuring } from '../harness/statement-spy.js';
import { TABLES } from '../harness/tenant-rows.js';

const CONTROL =
  /^(BEGIN|BEGIN IMMEDIATE|COMMIT|ROLLBACK|(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) nested_\d+|SELECT 1)$/;

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
    return new Set(await statementsDuring(() => useEverything(as[who](vault), word)));
  }
});

/** Statements that look beyond the user on purpose: is an id taken, what has expired. */
const OF_THE_VAULT =
  /"(?:id" = \?|expires_at" <= \?)\)*\s*\) AND \( "(?:Memory|taken|expired)"\."vault_id" = \? \)/;

/** Looks at a statement as a reader would, without the tripwire's eyes. */
function expectConfined(text: string, ofUser: boolean): void {
  const named = Object.keys(TABLES).filter((table) => text.includes(`"${table}"`));
  expect([text, named]).not.toEqual([text, []]);
  // No value stands in the text: no string but the empty one, no number but 0, 1 and those of LIMIT.
  expect(text.replaceAll("''", '')).not.toMatch(/'/);
  expect(text.replaceAll(/LIMIT \d+|\w*[a-z_]\w*/gi, '')).not.toMatch(/[2-9]|\d\d/);
  if (text.startsWith('INSERT')) {
    expect(text).toMatch(/^INSERT INTO "\w+"\("vault_id", .*VALUES \(\?, /);
    return;
  }
  expect(text).toMatch(/"vault_id" = \?/);
  const owned = named.some((table) => TABLES[table] === 'owned');
  if (ofUser && owned && text.startsWith('SELECT') && !OF_THE_VAULT.test(text)) {
    expect(text).toMatch(/"user_id" (?:= \?|IN \(\?, ''\))/);
  }
}
