import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DatasetError, readLocomo } from './locomo.js';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cairn-locomo-'));
  file = join(folder, 'data.json');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const turn = (dia_id: string, more: object = {}) => ({
  dia_id,
  speaker: 'Ana',
  text: `of ${dia_id}`,
  ...more,
});

const CONVERSATION = {
  speaker_a: 'Ana',
  session_10: [turn('D10:1')],
  session_10_date_time: '10:00 am on 3 March, 2024',
  session_2: [turn('D2:1', { speaker: 'Ben', blip_caption: 'a kite' }), turn('D2:2', { text: undefined })],
  session_2_date_time: '9:00 am on 1 March, 2024',
  session_11_date_time: 'a date without its session',
};

function read(item: object): ReturnType<typeof readLocomo> {
  writeFileSync(file, JSON.stringify([{ sample_id: 'c1', conversation: CONVERSATION, qa: [], ...item }]));
  return readLocomo(file);
}

describe('the LoCoMo form', () => {
  it('gives the turns in the order of the sessions', () => {
    const [{ id, turns }] = read({});
    expect(id).toBe('c1');
    expect(turns.map((one) => [one.id, one.session])).toEqual([
      ['D2:1', 2],
      ['D2:2', 2],
      ['D10:1', 10],
    ]);
    expect(turns[0]).toMatchObject({
      speaker: 'Ben',
      caption: 'a kite',
      text: 'of D2:1',
      sessionDate: '9:00 am on 1 March, 2024',
    });
    expect(turns[1]).toMatchObject({ text: '', caption: undefined });
  });

  it('finds the evidence of a question, typos and all, and leaves out questions that have none', () => {
    const qa = (question: string, evidence?: unknown[]) => ({ question, category: 1, evidence });
    const [{ questions }] = read({
      qa: [
        qa('two in one', ['D2:1; D10:1']),
        qa('a colon too many', ['D:2:2']),
        qa('a nought too many', ['D10:01', 'D10:1']),
        qa('one that exists', ['D2:1', 'D99:1']),
        qa('none that exists', ['D99:1', 'D']),
        qa('an empty list', []),
        qa('no list'),
      ],
    });
    expect(questions.map(({ text, evidence }) => [text, [...evidence]])).toEqual([
      ['two in one', ['D2:1', 'D10:1']],
      ['a colon too many', ['D2:2']],
      ['a nought too many', ['D10:1']],
      ['one that exists', ['D2:1']],
    ]);
  });

  it.each<[string, object, string]>([
    ['no name', { sample_id: 7 }, 'sample_id'],
    ['no conversation', { conversation: undefined }, 'conversation is not an object'],
    ['no sessions', { conversation: {} }, 'no session_<n>'],
    ['a session that is no list', { conversation: { session_1: {} } }, 'session_1 is not a list'],
    ['a turn without id', { conversation: { session_1: [{ speaker: 'Ana' }] } }, 'session_1[0].dia_id'],
    ['a turn by nobody', { conversation: { session_1: [{ dia_id: 'D1:1' }] } }, 'session_1[0].speaker'],
    ['one id twice', { conversation: { session_1: [turn('D1:1'), turn('D1:1')] } }, 'same dia_id'],
    ['no questions', { qa: undefined }, 'qa is not a list'],
    ['a question without text', { qa: [{ category: 1 }] }, 'qa[0].question'],
    ['an unknown category', { qa: [{ question: 'x', category: 6 }] }, 'qa[0].category'],
  ])('refuses %s', (_, item, reason) => {
    expect(() => read(item)).toThrow(DatasetError);
    expect(() => read(item)).toThrow(reason);
  });

  it('refuses what is no such file', () => {
    expect(() => readLocomo(join(folder, 'absent'))).toThrow('absent cannot be read: ENOENT');
    for (const text of ['{"not": "a list"}', '[]', '[', '']) {
      writeFileSync(file, text);
      expect(() => readLocomo(file)).toThrow(DatasetError);
    }
  });
});
