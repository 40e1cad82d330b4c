import { measureColdStarts } from './cold-start.js';
import { measureMemories } from './memories.js';
import { median } from './rounds.js';
import { measureWhoami } from './whoami.js';

/** `node dist/test/bench/main.js`: what requests cost in server CPU, median and least of the rounds. */
function print(name: string, values: readonly number[], unit: string, digits = 0): void {
  const shown = [median(values), Math.min(...values)].map((value) => value.toFixed(digits).padStart(8));
  process.stdout.write(`${name.padEnd(20)}${shown.join('')} ${unit}\n`);
}

process.stdout.write(`${''.padEnd(20)}  median   least\n`);
for (const [name, values] of Object.entries(await measureWhoami())) print(`whoami, ${name}`, values, 'µs');
for (const [name, values] of Object.entries(await measureMemories())) print(name, values, 'µs');
print('cold start', await measureColdStarts(), 's', 2);
