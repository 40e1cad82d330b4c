import type { LoggerService } from '@nestjs/common';
import { type DestinationStream, type Logger, destination, pino, stdTimeFunctions } from 'pino';
import type { Config } from '../config/config.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { errorReport } from './error-report.js';

export type Log = Logger;

/**
 * The log: a JSON object a line, on standard output. Written at once, so that nothing is lost when the
 * process ends.
 *
 * @param stream where it goes instead
 */
export function createLog(level: Config['log']['level'], stream: DestinationStream = standardOutput()): Log {
  return pino(
    {
      level,
      base: null,
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      mixin: () => {
        const requestId = TenantContext.requestId();
        return requestId === undefined ? {} : { request_id: requestId };
      },
    },
    stream,
  );
}

function standardOutput(): DestinationStream {
  const stream = destination({ dest: 1, sync: true });
  // A log that cannot be written (a full disk, a closed pipe) must not take the service down with it.
  stream.on('error', () => {});
  return stream;
}

/** Where the framework says on its way up what it is made of: of interest only when looking for a fault. */
const FRAMEWORK_CONTEXTS: ReadonlySet<string> = new Set([
  'InstanceLoader',
  'NestApplication',
  'NestFactory',
  'RouterExplorer',
  'RoutesResolver',
]);

/** Nest's loggers, written to the log. */
export class NestLog implements LoggerService {
  constructor(private readonly sink: Log) {}

  log(message: unknown, ...rest: unknown[]): void {
    const context = contextOf(rest);
    this.write(context !== undefined && FRAMEWORK_CONTEXTS.has(context) ? 'debug' : 'info', message, rest);
  }

  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }

  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }

  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }

  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }

  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  private write(
    level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = contextOf(rest);
    const error = [message, ...rest].find((part) => part instanceof Error);
    const fields = { context, error: error && errorReport(error) };
    if (typeof message === 'string') this.sink[level](fields, message);
    else this.sink[level](fields);
  }
}

/** Nest passes the name of the logger last, after a stack (which begins with a message, and is left out). */
function contextOf(rest: readonly unknown[]): string | undefined {
  const last = rest.at(-1);
  return typeof last === 'string' && !last.includes('\n') ? last : undefined;
}
