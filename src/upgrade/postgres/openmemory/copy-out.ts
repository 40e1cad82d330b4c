import type { Client, Connection, Submittable } from 'pg';

/** The bytes of each value as PostgreSQL's own functions send it. They stay as they are during the call only. */
export type OnCopiedRow = (values: readonly (Buffer | null)[]) => void;

/** What COPY in binary form begins with. */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1');
/** The signature, flags, and the length of what else there is. */
const HEADER_BYTES = SIGNATURE.length + 8;
/** The count of values that says that there are no more rows. */
const END = -1;
const NULL = -1;

/**
 * Reads the rows of a select by COPY, in binary form: each is dealt with as it comes, so that none waits in memory,
 * and no value is written as text on the one side to be read on the other.
 *
 * @returns how many there were
 */
export function copyOut(client: Client, select: string, onRow: OnCopiedRow): Promise<number> {
  return new Promise((resolve, reject) => {
    client.query(new CopyOut(`COPY (${select}) TO STDOUT (FORMAT binary)`, onRow, resolve, reject));
  });
}

/** What the driver calls while the rows come. */
class CopyOut implements Submittable {
  private begun = false;
  private ended = false;
  private rows = 0;
  private error: unknown;

  constructor(
    private readonly sql: string,
    private readonly onRow: OnCopiedRow,
    private readonly resolve: (rows: number) => void,
    private readonly reject: (error: unknown) => void,
  ) {}

  submit(connection: Connection): void {
    connection.query(this.sql);
  }

  /** There is no way to stop the server but to cut the connection: after an error its rows go by. */
  handleCopyData({ chunk }: { chunk: Buffer }): void {
    if (this.error !== undefined) return;
    try {
      this.read(chunk);
    } catch (error) {
      this.error = error;
    }
  }

  handleCommandComplete(): void {
    if (!this.ended) this.error ??= new Error('The rows of a COPY ended before their end');
  }

  handleError(error: unknown): void {
    this.reject(error);
  }

  handleReadyForQuery(): void {
    if (this.error === undefined) this.resolve(this.rows);
    else this.reject(this.error);
  }

  /** A message holds whole rows, the first one the header before them. */
  private read(bytes: Buffer): void {
    let at = 0;
    if (!this.begun) {
      if (!bytes.subarray(0, SIGNATURE.length).equals(SIGNATURE))
        throw new Error('A COPY begins in no known form');
      at = HEADER_BYTES + bytes.readInt32BE(HEADER_BYTES - 4);
      this.begun = true;
    }
    while (at < bytes.length) {
      const count = bytes.readInt16BE(at);
      at += 2;
      if (count === END) {
        this.ended = true;
        continue;
      }
      const values: (Buffer | null)[] = [];
      for (let i = 0; i < count; i += 1) {
        const length = bytes.readInt32BE(at);
        at += 4;
        if (length === NULL) values.push(null);
        else {
          values.push(bytes.subarray(at, at + length));
          at += length;
        }
      }
      this.rows += 1;
      this.onRow(values);
    }
    if (at !== bytes.length) throw new Error('A message of a COPY holds a part of a row');
  }
}
