import { appendFileSync } from 'node:fs';

/**
 * Hands a figure that a test measured to `npm run accept`: one JSON line in the file named by FIGURES_FILE.
 * Without that setting (an ordinary `npm test`) it does nothing.
 */
export function recordFigure(name: string, value: number): void {
  const file = process.env.FIGURES_FILE;
  if (file) appendFileSync(file, `${JSON.stringify({ name, value })}\n`);
}
