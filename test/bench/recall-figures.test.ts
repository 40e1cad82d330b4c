import { describe, expect, it } from 'vitest';
import { figuresOf, meanOf } from './recall-figures.js';

const others = (count: number) => Array.from({ length: count }, (_, n) => `other-${n}`);

describe('recall', () => {
  it('is the fraction of the evidence among the first results', () => {
    const ranked = [...others(3), 'a', ...others(4), 'b', ...others(11), 'c'];
    expect(ranked.indexOf('c')).toBe(20);
    expect(figuresOf(ranked, new Set(['a', 'b', 'c', 'd']))).toEqual({
      questions: 1,
      recall: { 5: 0.25, 10: 0.5, 20: 0.5 },
      reciprocalRank: 0.25,
    });
  });

  it('counts a piece of evidence once', () => {
    expect(figuresOf(['a', 'a', 'a'], new Set(['a', 'b'])).recall).toEqual({ 5: 0.5, 10: 0.5, 20: 0.5 });
  });

  it('is nothing where nothing is found, or too late', () => {
    const nothing = { questions: 1, recall: { 5: 0, 10: 0, 20: 0 }, reciprocalRank: 0 };
    expect(figuresOf([], new Set(['a']))).toEqual(nothing);
    expect(figuresOf([...others(20), 'a'], new Set(['a']))).toEqual(nothing);
  });

  it('is averaged over questions, not over evidence', () => {
    const many = figuresOf(['a'], new Set(['a', 'b', 'c', 'd']));
    const one = figuresOf(['x', 'a'], new Set(['a']));
    expect(meanOf([many, one])).toEqual({
      questions: 2,
      recall: { 5: 0.625, 10: 0.625, 20: 0.625 },
      reciprocalRank: 0.75,
    });
    expect(meanOf([])).toEqual({ questions: 0, recall: { 5: 0, 10: 0, 20: 0 }, reciprocalRank: 0 });
  });
});
