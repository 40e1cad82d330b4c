import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Plugin } from 'vitest/config';
import { MUTANTS } from './mutants/all.js';
import { postgres } from './mutants/postgres.js';
import { type Mutant, mutate } from './mutants/mutant.js';

const MARK = '?mutant=';
const root = process.cwd();

/** Imports of our own modules, but for types. */
const IMPORT = /^(?:import|export)\s+(?!type\b)(?:[^'"]*?\sfrom\s+)?'(\.[^']*)'/gm;

const imports = new Map<string, string[]>();

function importsOf(file: string): string[] {
  let known = imports.get(file);
  if (!known) {
    known = [...readFileSync(file, 'utf8').matchAll(IMPORT)]
      .map(([, path]) => resolve(dirname(file), path.replace(/\.js$/, '.ts')))
      .filter((path) => existsSync(path));
    imports.set(file, known);
  }
  return known;
}

/** The modules that come with `entry` and lead to one with a fault; all others can be shared. */
function copiesFor({ edits }: Mutant, entry: string): Set<string> {
  const importers = new Map<string, string[]>();
  const seen = new Set<string>([entry]);
  for (const file of seen) {
    for (const imported of importsOf(file)) {
      importers.set(imported, [...(importers.get(imported) ?? []), file]);
      seen.add(imported);
    }
  }
  const copies = new Set(edits.map(({ file }) => join(root, file)));
  for (const file of copies) for (const importer of importers.get(file) ?? []) copies.add(importer);
  return copies;
}

/**
 * Lets a test load a module, and what it imports, with the faults of a mutant in them:
 * `import('./examine.ts?mutant=' + name)`.
 */
export function mutants(): Plugin {
  const copies = new Map<string, Set<string>>();
  return {
    name: 'mutants',
    enforce: 'pre',
    async resolveId(source, importer) {
      const [file, name] = importer?.split(MARK) ?? [];
      if (name === undefined || !source.startsWith('.')) return undefined;
      const resolved = await this.resolve(source, file, { skipSelf: true });
      return resolved && copies.get(name)?.has(resolved.id) ? resolved.id + MARK + name : resolved;
    },
    transform(code, id) {
      const [file, name] = id.split(MARK);
      if (name === undefined) return undefined;
      const mutant = [...MUTANTS, ...postgres].find(
        (candidate) => candidate.name === decodeURIComponent(name),
      );
      if (!mutant) throw new Error(`There is no mutant ${name}`);
      if (!copies.has(name)) copies.set(name, copiesFor(mutant, file));
      const edits = mutant.edits.filter((edit) => join(root, edit.file) === file);
      return edits.length > 0 ? edits.reduce(mutate, code) : undefined;
    },
  };
}
