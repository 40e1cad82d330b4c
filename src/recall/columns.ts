/** What all columns of a search take of one memory, about. */
const BYTES_A_MEMORY = 40;
/** Memory kept for searches to come. Larger ones are rare, and take their own. */
const MOST_KEPT = 16 * 1024 * 1024;
const LEAST = 64 * 1024;

type NumberArray = Float64Array | Int32Array | Uint32Array | Uint16Array | Uint8Array;

interface Kind<Column extends NumberArray> {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): Column;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): Column;
}

/** Not in use: the one used last is the last. */
const kept: ArrayBuffer[] = [];

/**
 * Makes the columns of one search, numbers by memory, all of them 0 at first. They lie in memory that is used again
 * by later searches: what V8 does not own it clears away by looking through all that it does own, and a search of
 * many memories would have it do so every few times.
 */
export class Columns {
  private used = 0;

  private constructor(private readonly buffer: ArrayBuffer) {}

  /** Columns in memory of their own. */
  static ownMemory(): Columns {
    return new Columns(new ArrayBuffer(0));
  }

  /** Runs `use` with columns for so many memories; none of them may be looked at once it is over. */
  static async lend<T>(memories: number, use: (columns: Columns) => Promise<T>): Promise<T> {
    const buffer = takeBuffer(BYTES_A_MEMORY * memories);
    try {
      return await use(new Columns(buffer));
    } finally {
      keepBuffer(buffer);
    }
  }

  of<Column extends NumberArray>(kind: Kind<Column>, length: number): Column {
    const start = this.used;
    const end = start + 8 * Math.ceil((length * kind.BYTES_PER_ELEMENT) / 8);
    if (end > this.buffer.byteLength) return new kind(length);
    this.used = end;
    const column = new kind(this.buffer, start, length);
    // Nothing of what another search left there, which was perhaps another vault's.
    column.fill(0);
    return column;
  }
}

function takeBuffer(bytes: number): ArrayBuffer {
  const at = kept.findLastIndex(({ byteLength }) => byteLength >= bytes);
  if (at >= 0) return kept.splice(at, 1)[0];
  let size = LEAST;
  while (size < bytes) size *= 2;
  return new ArrayBuffer(size);
}

function keepBuffer(buffer: ArrayBuffer): void {
  kept.push(buffer);
  let size = kept.reduce((sum, { byteLength }) => sum + byteLength, 0);
  while (size > MOST_KEPT) size -= kept.shift()!.byteLength;
}
