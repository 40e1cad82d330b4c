import { type BigIntStats, readFileSync, statSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { basename, extname } from 'node:path';
import { Logger } from '@nestjs/common';
import type { FlagDefinitions } from './flag-rules.js';
import { FlagsTextError, readFlagsText } from './flags-text.js';

/** How often the file is looked at. */
const POLL_MS = 1_000;
/** How long a changed file must stay as it is before it is read: who writes it may not be done. */
const SETTLE_MS = 100;
const MAX_BYTES = 16 * 1024 * 1024;

/**
 * A file of flags, read again when it changes: written in place, put in its place, or behind a link that leads
 * elsewhere. It is looked at, not waited for, because notices of changes do not cross all file systems. What cannot
 * be read leaves the flags as they were, and is said once.
 */
export class FlagsFile {
  /** What it is called in explanations and in the log. */
  readonly name: string;
  private readonly logger = new Logger('Flags');
  private last: FlagDefinitions | undefined;
  private trouble: string | undefined;
  /** What it held when it could be read last; undefined when it could not be since. */
  private text: string | undefined;
  /** The state in which it was read, and the one that may not be its last. */
  private seen = '';
  private pending = '';
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param onChange called after each reading that changed what is in effect */
  constructor(
    private readonly path: string,
    private readonly onChange: () => void,
  ) {
    this.name = basename(path);
  }

  /** Reads it for the first time, and looks at it from now on. */
  open(): void {
    try {
      this.seen = stateOf(statSync(this.path, { bigint: true }));
      this.take(readFileSync(this.path, 'utf8'));
    } catch (error) {
      this.seen = reasonOf(error);
      this.refuse(error);
    }
    this.wait(POLL_MS);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  /** The flags of its last good content; undefined when there was none. */
  get definitions(): FlagDefinitions | undefined {
    return this.last;
  }

  /** What is wrong with it as it is now. */
  get problem(): string | undefined {
    return this.trouble;
  }

  private wait(ms: number): void {
    if (this.closed) return;
    this.timer = setTimeout(() => void this.look(), ms).unref();
  }

  private async look(): Promise<void> {
    const state = await this.state();
    if (state === this.seen) return this.wait(POLL_MS);
    if (state !== this.pending) {
      this.pending = state;
      return this.wait(SETTLE_MS);
    }
    try {
      const { text, changed } = await this.read(state);
      if (changed) return this.wait(SETTLE_MS);
      if (this.closed) return;
      this.seen = state;
      this.take(text);
    } catch (error) {
      if (this.closed) return;
      this.seen = state;
      this.refuse(error);
    }
    this.wait(POLL_MS);
  }

  private async state(): Promise<string> {
    try {
      return stateOf(await stat(this.path, { bigint: true }));
    } catch (error) {
      return reasonOf(error);
    }
  }

  private async read(before: string): Promise<{ text: string; changed: boolean }> {
    // So that what is no file, or too large, is refused as it is at first.
    stateOf(await stat(this.path, { bigint: true }));
    const text = await readFile(this.path, 'utf8');
    return { text, changed: (await this.state()) !== before };
  }

  private take(text: string): void {
    if (text === this.text) return;
    this.text = text;
    this.last = readFlagsText(text, extname(this.path).toLowerCase() === '.json' ? 'json' : 'yaml');
    this.logger.log(
      this.trouble === undefined
        ? `The flags of ${this.name} are in effect`
        : `${this.name} is in order again: its flags are in effect`,
    );
    this.trouble = undefined;
    this.onChange();
  }

  private refuse(error: unknown): void {
    if (!(error instanceof FlagsTextError)) this.text = undefined;
    this.trouble = error instanceof FlagsTextError ? error.message : reasonOf(error);
    const effect = this.last ? 'the flags stay as they were' : 'safe values stand in for all flags';
    this.logger.error(`The flags file ${this.name} cannot be used, so ${effect}: ${this.trouble}`);
    this.onChange();
  }
}

/** What is no file that can be read, in words. */
class NoFile extends Error {}

/** Differs after every change. @throws NoFile */
function stateOf(file: BigIntStats): string {
  if (!file.isFile()) throw new NoFile('it is not a file');
  if (file.size > MAX_BYTES) throw new NoFile(`it is larger than ${MAX_BYTES / 1024 / 1024} MiB`);
  return [file.dev, file.ino, file.size, file.mtimeNs, file.ctimeNs].join(':');
}

function reasonOf(error: unknown): string {
  if (error instanceof NoFile) return error.message;
  const code = (error as NodeJS.ErrnoException).code ?? 'unknown error';
  return code === 'ENOENT' ? 'there is no such file (ENOENT)' : `it cannot be read (${code})`;
}
