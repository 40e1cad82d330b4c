import { builders } from './builders.js';
import { commits } from './commits.js';
import { conditions } from './conditions.js';
import { database } from './database.js';
import { prepared } from './prepared.js';
import { reading } from './reading.js';
import { tripwire } from './tripwire.js';
import { units } from './units.js';
import type { Mutant } from './mutant.js';

/** Every protection of the layer, taken out in turn. */
export const MUTANTS: readonly Mutant[] = [
  ...conditions,
  ...builders,
  ...prepared,
  ...tripwire,
  ...reading,
  ...database,
  ...units,
  ...commits,
];
