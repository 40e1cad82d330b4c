import { expect, it } from 'vitest';
import { Texts } from './texts.js';

const many = (seed: number) => {
  const texts = new Texts(seed);
  return Array.from({ length: 5_000 }, () => texts.next());
};

it('makes the same texts of the same seed', () => {
  expect(many(1)).toEqual(many(1));
  expect(many(1)).not.toEqual(many(2));
});

it('makes texts of 14 words on average, some words in many of them and most in few', () => {
  const texts = many(3).map((text) => text.toLowerCase().match(/\w+/g)!.slice(1));
  const mean = texts.reduce((sum, words) => sum + words.length, 0) / texts.length;
  expect(mean).toBeGreaterThan(13.5);
  expect(mean).toBeLessThan(14.5);

  const holding = new Map<string, number>();
  for (const words of texts)
    for (const word of new Set(words)) holding.set(word, (holding.get(word) ?? 0) + 1);
  const stopWords = 'the is of and to in that it was for with she they'.split(' ');
  const counts = [...holding].filter(([word]) => !stopWords.includes(word)).map(([, count]) => count);
  const commonest = Math.max(...counts) / texts.length;
  expect(commonest).toBeGreaterThan(0.1);
  expect(commonest).toBeLessThan(0.3);
  expect(counts.filter((count) => count < 5).length / counts.length).toBeGreaterThan(0.5);
});
