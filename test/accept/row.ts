/** One required figure and what was measured. */
export interface Row {
  readonly measure: string;
  readonly required: string;
  /** `not measured` where that failed, which is a failure. */
  readonly measured: string;
  readonly passed: boolean;
}

/** The required figures of one issue. */
export interface Issue {
  /** What `--only` calls it. */
  readonly name: string;
  readonly title: string;
  measure(): Promise<Row[]>;
}

/** What a row needs beside what was required of it. */
export interface Outcome {
  readonly measured: string;
  readonly passed: boolean;
}

/** @param outcome undefined: it could not be measured */
export function row(measure: string, required: string, outcome: Outcome | undefined): Row {
  return { measure, required, ...(outcome ?? { measured: 'not measured', passed: false }) };
}

/** Measures, and where that fails says why on standard error and goes on. */
export async function attempt<T>(what: string, measure: () => Promise<T>): Promise<T | undefined> {
  process.stderr.write(`Measuring: ${what}\n`);
  try {
    return await measure();
  } catch (error) {
    process.stderr.write(`${what} could not be measured: ${(error as Error).stack}\n`);
    return undefined;
  }
}

/** The rows as a table of text. */
export function table(rows: readonly Row[]): string {
  const lines = [
    ['measure', 'required', 'measured', ''],
    ...rows.map(({ measure, required, measured, passed }) => [
      measure,
      required,
      measured,
      passed ? 'pass' : 'FAIL',
    ]),
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const format = (line: string[]) => `| ${line.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`;
  const [head, ...body] = lines.map(format);
  return [head, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...body].join('\n');
}
