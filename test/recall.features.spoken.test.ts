import { describe, expect, it } from 'vitest';
import { nameTerms, spokenForm } from '../src/recall/spoken-form.js';

const MAY_8 = Date.UTC(2023, 4, 8) / 86_400_000;

describe('the name before a text', () => {
  it.each([
    ['Ana: ready', 'ana'],
    ['Ana Lima: ready', 'ana lima'],
    ['Ana Maria Souza Lima: ready', 'ana maria souza lima'],
    ['ANA: ready', 'ana'],
    ['Ana : ready', 'ana'],
    ['Ana:\nready', 'ana'],
    ["O'Neil: ready", "o'neil"],
    ['Anne-Marie: ready', 'ann mari'],
    ['Dr. J. Smith: ready', 'dr smith'],
    ['A. Smith: ready', 'smith'],
    ['Ludwig van Beethoven: ready', 'ludwig van beethoven'],
    ['Ana de la Cruz: ready', 'ana de la cruz'],
    ['Éloïse: ready', 'elois'],
    ['Марья Ивановна: готово', 'марья ивановна'],
    ['أحمد: جاهز', 'احمد'],
    ['राम: तैयार', 'राम'],
    ['田中：準備できた', '田中'],
    ['アレクサンドラ: はい', 'アレ レク クサ サン ンド ドラ'],
    ['王小明：好', '王小 小明'],
    ['김민수: 준비됐어', '김민 민수'],
    ['user: ready', 'user'],
    ['assistant: ready', 'assist'],
    ['User: ready', 'user'],
  ])('%j: %s', (content, speaker) => {
    const form = spokenForm(content);
    expect(form.speaker.join(' ')).toBe(speaker);
    expect(form.text).toBe(content.slice(content.search(/[:：]/) + 1).trim());
  });

  it.each([
    'Note: buy milk',
    'NOTE: buy milk',
    'Meeting notes: nothing new',
    'Action Items: none',
    'Re: the owl',
    'Q: where is it?',
    'A: in the barn',
    'Hinweis: das Museum ist zu',
    'Remarque : le musée est fermé',
    'Заметка: музей закрыт',
    'ملاحظة: المتحف مغلق',
    'सूचना: संग्रहालय बंद है',
    'メモ：美術館は休み',
    '备注：博物馆关门',
    '메모: 박물관은 휴관',
    'https://example.org is down',
    'Https://example.org is down',
    '12:30 lunch with Ana',
    'Ana:ready',
    'ana: ready',
    'We need two things: milk and bread',
    'Ana and Ben: ready',
    'Ana said to me: ready',
    'Ana Maria Souza Lima Reis: ready',
    'C3po: ready',
    'Ana, Ben: ready',
    ': ready',
    'Ana: ',
    'Ana:',
    '…: ready',
    'The: ready',
    `${'Ana'.repeat(30)}: ready`,
    'あいうえおかきくけこ：はい',
    '',
  ])('%j: none', (content) => {
    expect(spokenForm(content)).toMatchObject({ text: content.trim(), speaker: [] });
  });

  it('is cut, whatever its form, when it is the one that is known', () => {
    const known = nameTerms('Ana Lima');
    for (const content of ['Ana: ready', 'ana lima: ready', 'LIMA : ready', 'Ana Lima： ready']) {
      expect(spokenForm(content, known)).toMatchObject({ text: 'ready', speaker: known });
    }
    for (const content of [
      'Ben: ready',
      'Ana Souza: ready',
      'Note: ready',
      'Ana:ready',
      '12:30 Ana',
      'Ana: ',
    ]) {
      expect(spokenForm(content, known)).toMatchObject({ text: content.trim(), speaker: known });
    }
  });
});

describe('the date at the end of a text', () => {
  it.each([
    'We met (8 May 2023)',
    'We met [2023-05-08]',
    'We met （2023年5月8日）',
    'We met (1:56 pm on 8 May, 2023) ',
  ])('%j', (content) => {
    expect(spokenForm(content)).toMatchObject({ text: 'We met', day: MAY_8 });
  });

  it.each([
    'We met (Ana)',
    'We met 8 May 2023',
    'We met (8 May 2023',
    '(8 May 2023)',
    'We met (8 May 2023).',
    '()',
  ])('%j: none', (content) => {
    expect(spokenForm(content)).toMatchObject({ text: content, day: undefined });
  });

  it('is the last one', () => {
    expect(spokenForm('We met (7 May 2023) (8 May 2023)')).toMatchObject({
      text: 'We met (7 May 2023)',
      day: MAY_8,
    });
  });
});

describe('all parts together', () => {
  it('come apart in any order of picture and date', () => {
    for (const content of [
      'Ana: Look at that! [image: an owl] (8 May 2023)',
      'Ana: Look at that! (8 May 2023) [image: an owl]',
      '[image: an owl] Ana: Look at that! (8 May 2023)',
    ]) {
      const { text, speaker, captions, day } = spokenForm(content);
      expect({ text, speaker, day }).toEqual({ text: 'Look at that!', speaker: ['ana'], day: MAY_8 });
      expect(captions.map((caption) => caption.trim())).toEqual(['an owl']);
    }
  });
});
