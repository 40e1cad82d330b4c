/** An error as the log may hold it. */
export interface ErrorReport {
  type: string;
  code?: string;
  /** Where it was thrown: one line of the stack each, innermost first. */
  frames: string[];
  cause?: ErrorReport;
}

const MAX_FRAMES = 30;
const MAX_CAUSES = 3;
const FRAME = /^ {4}at [^\n]*:\d+:\d+\)?$/;
const WORD = /^[\w.:-]{1,64}$/;

/**
 * What the log keeps of an error: its kind, its code and where it came from. Never its message: drivers,
 * JSON.parse, URL and many others quote the value they stumbled over, and that is somebody's data.
 */
export function errorReport(error: unknown, depth = 0): ErrorReport {
  if (!(error instanceof Error)) return { type: typeof error, frames: [] };
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  const cause = error.cause ?? driverError;
  return {
    type: wordOf(error.name) ?? 'Error',
    code: wordOf(code),
    frames: framesOf(error),
    cause: cause instanceof Error && depth < MAX_CAUSES ? errorReport(cause, depth + 1) : undefined,
  };
}

function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && WORD.test(value) ? value : undefined;
}

/** The stack begins with the message, which may have lines of its own that look like frames. */
function framesOf({ stack, message }: Error): string[] {
  if (typeof stack !== 'string') return [];
  const start = stack.indexOf(message);
  if (start < 0) return [];
  return stack
    .slice(start + message.length)
    .split('\n')
    .filter((line) => FRAME.test(line))
    .slice(0, MAX_FRAMES)
    .map((line) => line.slice('    at '.length));
}
