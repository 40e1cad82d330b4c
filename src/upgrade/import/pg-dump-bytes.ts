import { type FileHandle, open } from 'node:fs/promises';
import { MigrationRefusedError } from '../migration-refused.error.js';

/** Bytes read at a time. */
const CHUNK = 256 * 1024;
const LINE_BREAK = 0x0a;
const BACKSLASH = 0x5c;

/** The bytes of a file from its beginning to its end, of which those in hand are read without waiting. */
export class FileBytes {
  /** What is in hand; what is before `at` is done. */
  bytes: Buffer = Buffer.alloc(0);
  at = 0;
  /** The line that `at` is in, from 1. */
  line = 1;
  /** Nothing comes behind `bytes`. */
  isEnd = false;
  private before = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly chunk: number,
  ) {}

  /**
   * @param chunk bytes read at a time
   * @throws MigrationRefusedError when it cannot be opened
   */
  static async open(path: string, chunk = CHUNK): Promise<FileBytes> {
    try {
      return new FileBytes(await open(path, 'r'), chunk);
    } catch (error) {
      throw new MigrationRefusedError(`${path} cannot be read: ${(error as Error).message}`);
    }
  }

  /** How many bytes of the file are done. */
  get done(): number {
    return this.before + this.at;
  }

  /** Takes more in hand. What is longer than a chunk is taken in chunks that grow, so that it is not copied often. */
  async more(): Promise<void> {
    const rest = this.bytes.subarray(this.at);
    const next = Buffer.allocUnsafe(rest.length + Math.max(this.chunk, rest.length));
    rest.copy(next);
    const { bytesRead } = await this.file.read(next, rest.length, next.length - rest.length);
    this.isEnd = bytesRead === 0;
    this.before += this.at;
    this.at = 0;
    this.bytes = next.subarray(0, rest.length + bytesRead);
  }

  /** Is done with all bytes before `end`. */
  moveTo(end: number): void {
    for (let at = this.bytes.indexOf(LINE_BREAK, this.at); at >= 0 && at < end;) {
      this.line += 1;
      at = this.bytes.indexOf(LINE_BREAK, at + 1);
    }
    this.at = end;
  }

  /**
   * The line that begins here, without its end, as COPY knows lines: a line break behind a backslash is none.
   *
   * @returns undefined where there is none any more
   */
  async copyLine(): Promise<Buffer | undefined> {
    for (let from = this.at; ;) {
      const end = this.bytes.indexOf(LINE_BREAK, from);
      if (end >= 0 && this.isEscaped(end)) {
        from = end + 1;
        continue;
      }
      if (end < 0 && !this.isEnd) {
        const looked = this.bytes.length - this.at;
        await this.more();
        from = this.at + Math.max(0, looked - 1);
        continue;
      }
      if (end < 0 && this.at === this.bytes.length) return undefined;
      const line = this.bytes.subarray(this.at, end < 0 ? this.bytes.length : end);
      this.moveTo(end < 0 ? this.bytes.length : end + 1);
      // A carriage return that belongs to a value is written as \r.
      return line.at(-1) === 0x0d ? line.subarray(0, -1) : line;
    }
  }

  close(): Promise<void> {
    return this.file.close();
  }

  /** Whether an odd number of backslashes stands before. */
  private isEscaped(end: number): boolean {
    let at = end;
    while (at > this.at && this.bytes[at - 1] === BACKSLASH) at -= 1;
    return (end - at) % 2 === 1;
  }
}
