import { BATCH_ROWS } from './operations.js';
import type { Costs } from './rounds.js';
import type { Extent } from './stand.js';
import type { Measured, Result } from './stands.js';
import { median, medianRatio, quantile } from './statistics.js';

/** What the columns of the tables mean. */
export const LEGEND = `CPU is the server process's, user and system, in milliseconds for one operation (of a batch: for one row):
median and 95th percentile of the rounds. "x whoami" is that CPU against GET /v1/whoami in the same rounds.
Latency is from request to answer (of a batch: of ${BATCH_ROWS} rows) with 8 requests under way, median and 95th
percentile; it depends on the machine and on what else it does, so compare it within one run only.
`;

const NUMBER = new Intl.NumberFormat('en-GB');

/** @returns `10,000` or `100 x 1,000` */
export function nameOf({ vaults, memories }: Extent): string {
  return (vaults > 1 ? `${NUMBER.format(vaults)} x ` : '') + NUMBER.format(memories);
}

/** A row for each operation of each extent, below one for whoami in the rounds it was measured in. */
export function costTable(results: readonly Result[]): string {
  const rows = results.flatMap(({ extent, operations }) => {
    let above: Costs | undefined;
    return [...operations].flatMap(([name, measured]) => {
      const { whoami } = measured;
      const row = costRow(nameOf(extent), name, measured);
      if (whoami === above) return [row];
      above = whoami;
      return [costRow(nameOf(extent), 'whoami', { costs: whoami, whoami }), row];
    });
  });
  return table(2, ['memories', 'operation', 'CPU ms', 'p95', 'x whoami', 'latency ms', 'p95'], rows);
}

function costRow(extent: string, operation: string, { costs, whoami }: Measured): string[] {
  const cpu = costs.cpu.map((microseconds) => microseconds / 1000);
  return [
    extent,
    operation,
    median(cpu).toFixed(3),
    quantile(cpu, 0.95).toFixed(3),
    medianRatio(costs.cpu, whoami.cpu).toFixed(1),
    median(costs.latency).toFixed(1),
    quantile(costs.latency, 0.95).toFixed(1),
  ];
}

/** A row for each extent. */
export function spaceTable(results: readonly Result[]): string {
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  const rows = results.map(({ extent, space }) => [
    nameOf(extent),
    megabytes(space.rss),
    megabytes(space.peakRss),
    space.bytesPerMemory.toFixed(0),
  ]);
  return table(1, ['memories', 'RSS MB', 'peak', 'file bytes per memory'], rows);
}

/** Microseconds as milliseconds: median of the rounds and the least. */
export function costLine(name: string, { cpu }: Costs): string {
  const milliseconds = (value: number) => (value / 1000).toFixed(3);
  return `${name}: ${milliseconds(median(cpu))} ms (least ${milliseconds(Math.min(...cpu))})`;
}

/**
 * Columns of text.
 *
 * @param names so many columns stand to the left, the others, which hold figures, to the right
 */
export function table(names: number, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, at) => Math.max(title.length, ...rows.map((row) => row[at].length)));
  const cell = (text: string, at: number) =>
    at < names ? text.padEnd(widths[at]) : text.padStart(widths[at]);
  return [head, ...rows].map((row) => row.map(cell).join('  ')).join('\n');
}
