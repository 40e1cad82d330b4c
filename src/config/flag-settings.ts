import { extname } from 'node:path';
import { z } from 'zod';
import { type FlagRules, flagRules } from '../rollout/flag-rules.js';
import { ENFORCEMENTS, type FlagName, isSwitch } from '../rollout/flags.js';
import { choice, flag } from './setting-kinds.js';

const PERCENTAGE = /^(\d{1,3}(?:\.\d{1,6})?) ?%$/;

/**
 * The text of a flag's setting: a value for every vault; of a switch, a percentage of the vaults for which it is on
 * (off for the others); or rules, as JSON of the form that a file has.
 */
export function flagSetting(name: FlagName): z.ZodType<FlagRules, string> {
  const value = isSwitch(name) ? flag : choice(ENFORCEMENTS);
  const must = isSwitch(name)
    ? 'must be true, false, a percentage such as 25%, or rules as JSON'
    : `must be one of ${ENFORCEMENTS.join(', ')}, or rules as JSON`;
  const rules = flagRules(name);
  return z.string().transform((raw, context) => {
    const text = raw.trim();
    const refuse = (message: string) => {
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    };
    if (text.startsWith('{')) {
      const given = parseJson(text);
      if (given === undefined) return refuse('is not valid JSON: write {"rules": […], "default": …}');
      const read = rules.safeParse(given);
      if (read.success) return read.data;
      const [{ path, message }] = read.error.issues;
      return refuse(path.length === 0 ? message : `at ${path.map(String).join('.')} ${message}`);
    }
    const [, percentage] = (isSwitch(name) && PERCENTAGE.exec(text)) || [];
    if (percentage !== undefined && Number(percentage) <= 100) {
      return { rules: [{ value: true, percentage: Number(percentage) }], default: false };
    }
    const all = value.safeParse(text);
    return all.success ? { rules: [], default: all.data } : refuse(must);
  });
}

/** Undefined where it is none: the parser's own message quotes the text. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The path of a file of flags. */
export const flagsFile = z
  .string()
  .trim()
  .refine((path) => /^\.(?:json|ya?ml)$/i.test(extname(path)), {
    error: 'must be the path of a file that ends in .json, .yaml or .yml',
  });
