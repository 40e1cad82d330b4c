const WIDTH = 24;

/** A line at the foot of a terminal that says how far long work is; nothing where there is no terminal. */
export class ProgressLine {
  private text = '';

  constructor(private readonly stream: NodeJS.WriteStream) {}

  show(done: number, total: number, what: string): void {
    const filled = total > 0 ? Math.round((WIDTH * done) / total) : WIDTH;
    this.text = `[${'#'.repeat(filled)}${'.'.repeat(WIDTH - filled)}] ${done}/${total} ${what}`;
    this.draw();
  }

  /** Runs `print` with the line out of its way. */
  above(print: () => void): void {
    this.erase();
    print();
    this.draw();
  }

  clear(): void {
    this.erase();
    this.text = '';
  }

  private draw(): void {
    if (!this.text) return;
    this.erase();
    if (this.stream.isTTY) this.stream.write(this.text.slice(0, (this.stream.columns || 80) - 1));
  }

  private erase(): void {
    if (this.stream.isTTY && this.text) this.stream.write('\r\u001b[K');
  }
}
