import { expect } from 'vitest';
import { ConfigError } from '../../src/config/config.js';

/** What is wrong with a configuration; nothing where it can be loaded. */
export function problemsOf(load: () => unknown): readonly string[] {
  try {
    load();
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
  return [];
}

/** The one thing that is wrong. */
export function problemOf(load: () => unknown): string {
  const found = problemsOf(load);
  expect(found).toHaveLength(1);
  return found[0];
}
