import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { TenancyViolationError } from '../tenancy/errors.js';
import { NoTenantContextError } from '../tenancy/tenant-context.js';
import { errorReport } from './error-report.js';
import { type Failure, failureOf, failureOfStatus } from './failure.js';
import type { Log } from './logger.js';
import { errorAnswerOf } from './problem.js';
import type { RouteTable } from './route-table.js';

/**
 * The one place where an error becomes an answer: whatever a handler, a guard, a pipe, a hook or Fastify
 * itself throws ends here. Faults of ours are logged; what the caller gets is from the catalogue.
 */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly routes: RouteTable,
    private readonly log: Log,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    let failure = failureOf(error);
    if (failure.status === 404 && request.is404) failure = this.unrouted(request);
    report(this.log, error, failure, request.id);
    if (reply.sent || reply.raw.headersSent) return;
    // Fastify closes the connection after a body it did not like; Node reads on past it just as well.
    reply.removeHeader('connection');
    sendFailure(reply, request, failure);
  }

  /** A path that knows other methods is told so; any other is not there. */
  private unrouted(request: FastifyRequest): Failure {
    const methods = this.routes.methodsOf(request.raw.url ?? '');
    if (methods.length > 0) return failureOfStatus(405, { Allow: methods.join(', ') });
    return { ...failureOfStatus(404), unrouted: true };
  }
}

export function sendFailure(reply: FastifyReply, request: FastifyRequest, failure: Failure): void {
  const { status, contentType, body } = errorAnswerOf(failure, request.id, request.raw.url);
  if (failure.headers) reply.headers(failure.headers);
  // A challenge belongs to a 401 alone.
  if (status !== 401) reply.removeHeader('WWW-Authenticate');
  void reply.code(status).type(contentType).send(body);
}

function report(log: Log, error: unknown, failure: Failure, requestId: string): void {
  if (error instanceof NoTenantContextError || error instanceof TenancyViolationError) {
    log.fatal(
      { request_id: requestId, error: errorReport(error) },
      'Code reached for data outside its tenant',
    );
  } else if (failure.status === 500) {
    log.error(
      { request_id: requestId, error: errorReport(error) },
      'A request failed through a fault of ours',
    );
  } else if (failure.status > 500) {
    log.warn({ request_id: requestId, code: failure.code }, 'A request was turned away');
  }
}
