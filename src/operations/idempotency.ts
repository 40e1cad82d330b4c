import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { setTimeout as sleep } from 'node:timers/promises';
import { LessThan, type Repository } from 'typeorm';
import { ApiError } from '../http/api-error.js';
import { jsonParts } from '../http/json-parts.js';
import { JsonText, writeJson } from '../http/json-text.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { IdempotencyRecord } from './idempotency-record.entity.js';

/** How long an answer is kept. */
const KEPT_MS = 24 * 60 * 60 * 1_000;
/** How long a retry waits for the first request's answer. */
const WAIT_MS = 5_000;

/** A request that may come again. */
export interface KeyedRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Of the Idempotency-Key header. */
  readonly key: string;
  /** SHA-256, in hex, of everything else that the request asks for. */
  readonly bodyHash: string;
}

/** What is answered: kept as it was, and given again. */
export interface KeptAnswer {
  readonly status: number;
  /** ETag, if there was one. */
  readonly etag?: string;
  /** As JSON; undefined for none. */
  readonly body: unknown;
}

/**
 * Requests that have their effect once, however often they come: the answer is kept in the unit of work that has
 * the effect, under the vault, the user, the method, the path and the caller's own key. A request that failed had
 * no effect; nothing is kept of it, and it may be tried again.
 */
@Injectable()
export class Idempotency {
  /** The requests under way in this process. */
  private readonly running = new Map<string, Promise<unknown>>();

  constructor(
    @InjectRepository(IdempotencyRecord) private readonly records: Repository<IdempotencyRecord>,
    private readonly tenancy: Tenancy,
  ) {}

  /**
   * @param handle what the request does, for the first time; its own transactions become part of this one
   * @returns the answer, and whether it was given before
   * @throws ApiError 422 IDEMPOTENCY_KEY_REUSED for another request with the same key, 409
   *   IDEMPOTENCY_IN_PROGRESS when the first is still under way after 5 s
   */
  async once(
    request: KeyedRequest,
    handle: () => Promise<KeptAnswer>,
  ): Promise<{ answer: KeptAnswer; replayed: boolean }> {
    const { vaultId, userId = '' } = TenantContext.scope();
    const id = JSON.stringify([vaultId, userId, request.method, request.path, request.key]);
    const deadline = Date.now() + WAIT_MS;
    for (let first = this.running.get(id); first; first = this.running.get(id)) {
      const left = deadline - Date.now();
      const ended = left > 0 && (await Promise.race([first.then(() => true), sleep(left, false)]));
      if (!ended) throw inProgress();
    }
    const run = this.tenancy.transaction(() => this.lookUpOrHandle(request, userId, handle));
    const settled = run.then(
      () => {},
      () => {},
    );
    this.running.set(id, settled);
    void settled.then(() => this.running.delete(id));
    return run;
  }

  private async lookUpOrHandle(request: KeyedRequest, userId: string, handle: () => Promise<KeptAnswer>) {
    const { method, path, key, bodyHash } = request;
    const now = Date.now();
    const kept = await this.records.findOneBy({ userId, method, path, key });
    if (kept && kept.createdAt > now - KEPT_MS) {
      if (kept.bodyHash !== bodyHash) throw reused();
      return { answer: readAnswer(kept.answer), replayed: true };
    }
    await this.records.delete({ createdAt: LessThan(now - KEPT_MS) });
    const answer = await handle();
    const text = writeJson(answer)!;
    await this.records.insert({
      userId,
      method,
      path,
      key,
      bodyHash,
      status: answer.status,
      answer: text,
      createdAt: now,
    });
    return { answer, replayed: false };
  }
}

const BODY = '"body":';

/** An answer as it was kept, its body to the letter. */
function readAnswer(text: string): KeptAnswer {
  const { status, etag } = JSON.parse(text) as KeptAnswer;
  const body = jsonParts(text).find((part) => part.startsWith(BODY));
  return { status, etag, body: body && new JsonText(body.slice(BODY.length)) };
}

function inProgress(): ApiError {
  return new ApiError(
    409,
    'IDEMPOTENCY_IN_PROGRESS',
    'The first request with this Idempotency-Key is still under way: try again later.',
    { headers: { 'Retry-After': '5' } },
  );
}

function reused(): ApiError {
  return new ApiError(
    422,
    'IDEMPOTENCY_KEY_REUSED',
    'Another request was made with this Idempotency-Key: each needs a key of its own.',
  );
}
