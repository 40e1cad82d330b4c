import type { Path } from '../attempt.js';
import { building } from './building.js';
import { changing } from './changing.js';
import { finding } from './finding.js';
import { injecting } from './injecting.js';
import { inserting } from './inserting.js';
import { joining } from './joining.js';
import { postgres } from './postgres.js';
import { preparing } from './preparing.js';
import { raw } from './raw.js';
import { relations } from './relations.js';
import { smuggling } from './smuggling.js';
import { surroundings } from './surroundings.js';
import { writing } from './writing.js';

/** Every way that TypeORM offers to get at rows. */
export const PATHS: readonly Path[] = [
  ...finding,
  ...relations,
  ...building,
  ...joining,
  ...injecting,
  ...smuggling,
  ...writing,
  ...inserting,
  ...changing,
  ...preparing,
  ...raw,
  ...postgres,
  ...surroundings,
];
