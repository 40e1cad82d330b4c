import { parseArgs } from 'node:util';
import { clients } from './clients.js';
import { core } from './core.js';
import { imports } from './imports.js';
import { postgres } from './postgres.js';
import { recall } from './recall.js';
import { resources } from './resources.js';
import { rollout } from './rollout.js';
import type { Issue } from './row.js';
import { table } from './row.js';
import { upgrade } from './upgrade.js';

/**
 * `npm run accept`: what each issue requires in figures, beside what is measured here and now. Ends with
 * status 0 only if every figure is reached. `-- --only NAME,…` measures these issues alone.
 */
const ISSUES: readonly Issue[] = [core, recall, resources, upgrade, postgres, imports, clients, rollout];

const { values } = parseArgs({ options: { only: { type: 'string' } } });
const names = values.only?.split(',') ?? ISSUES.map(({ name }) => name);
const unknown = names.filter((name) => !ISSUES.some((issue) => issue.name === name));
if (unknown.length > 0) {
  process.stderr.write(
    `No such issue: ${unknown.join(', ')}. There are ${ISSUES.map(({ name }) => name).join(', ')}.\n`,
  );
  process.exit(2);
}

for (const { title, measure } of ISSUES.filter(({ name }) => names.includes(name))) {
  const rows = await measure();
  process.stdout.write(`\n${title}\n\n${table(rows)}\n`);
  if (!rows.every(({ passed }) => passed)) process.exitCode = 1;
}
