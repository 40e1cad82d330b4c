import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Provider } from '@openfeature/server-sdk';
import { isProvider } from './plugged-provider.js';

/** A module of a provider: what it exports is asked for again where it gives nothing that can be used. */
export class ProviderModule {
  private exported: unknown;
  private imports = 0;

  /**
   * @param name a path, or a package's name
   * @param folder where relative paths start
   */
  constructor(
    private readonly name: string,
    private readonly folder: string,
  ) {}

  /** Its provider: the same each time where it exports one, a new one where it exports a function. */
  async make(): Promise<Provider> {
    this.exported ??= defaultOf(await this.import());
    const made: unknown =
      typeof this.exported === 'function' ? await (this.exported as () => unknown)() : this.exported;
    if (isProvider(made)) return made;
    throw new Error(
      'its default export is neither an OpenFeature provider for servers nor a function that returns one',
    );
  }

  private async import(): Promise<object> {
    this.imports += 1;
    const path = resolve(this.folder, this.name);
    if (/^\.{0,2}[/\\]/.test(this.name) || isFile(path)) {
      // Node.js keeps a module that failed: under another address it is tried again.
      const again = this.imports > 1 ? `?${this.imports}` : '';
      return import(pathToFileURL(path).href + again) as Promise<object>;
    }
    try {
      return (await import(this.name)) as object;
    } catch (error) {
      // A package may be installed where the service is started, and not beside its code.
      const found = resolveFrom(this.folder, this.name);
      if (found === undefined) throw error;
      return import(pathToFileURL(found).href) as Promise<object>;
    }
  }
}

/** Modules of CommonJS that were compiled from others hold their default export in one of their own. */
function defaultOf(module: object): unknown {
  const { default: first } = module as { default?: unknown };
  const { default: second } = (first ?? {}) as { default?: unknown };
  return second ?? first ?? null;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
}

function resolveFrom(folder: string, name: string): string | undefined {
  try {
    return createRequire(join(folder, 'package.json')).resolve(name);
  } catch {
    return undefined;
  }
}
