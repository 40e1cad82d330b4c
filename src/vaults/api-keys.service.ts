import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { MoreThan, type Repository } from 'typeorm';
import { hashOfApiKey, makeApiKey } from '../auth/api-key-form.js';
import type { Permission } from '../auth/permissions.js';
import { forbidden } from '../auth/refusals.js';
import { VerifiedKeys } from '../auth/verified-keys.js';
import { ApiError } from '../http/api-error.js';
import { decodeCursor, encodeCursor } from '../http/cursor.js';
import { DEFAULT_LIMIT } from '../http/page.dto.js';
import { refusePast } from '../memories/memory-change.js';
import { uuidv7 } from '../memories/uuid.js';
import { Tenancy } from '../tenancy/tenancy.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { permissionsOf } from './api-key-permissions.js';
import { ApiKeyUses } from './api-key-uses.js';
import { ApiKey } from './api-key.entity.js';
import { VaultsService } from './vaults.service.js';

export interface KnownApiKey {
  readonly row: ApiKey;
  /** ms since 1970; null where no use is known */
  readonly lastUsedAt: number | null;
}

export interface NewApiKey extends KnownApiKey {
  /** With its secret. */
  readonly key: string;
}

export interface ApiKeyDraft {
  readonly name: string;
  readonly userId?: string;
  readonly permissions?: readonly Permission[];
  /** ms since 1970 */
  readonly expiresAt?: number;
}

export interface Rotation {
  readonly graceSeconds?: number;
  /** ms since 1970 */
  readonly expiresAt?: number;
}

export interface ApiKeyPage {
  readonly items: KnownApiKey[];
  readonly nextCursor: string | null;
}

const LIST = { list: 'api-keys' };

/** What a key may do where nothing is said, as far as its maker may. */
const USUAL: readonly Permission[] = ['read', 'write', 'delete'];

/**
 * The API keys of the running scope's vault. A user scope sees and makes that user's keys alone, and nobody makes a
 * key that may do more than they may, nor gets the secret of one.
 */
@Injectable()
export class ApiKeysService {
  constructor(
    @InjectRepository(ApiKey) private readonly keys: Repository<ApiKey>,
    private readonly vaults: VaultsService,
    private readonly verified: VerifiedKeys,
    private readonly uses: ApiKeyUses,
    private readonly tenancy: Tenancy,
  ) {}

  /** From the oldest on. @throws ApiError 400 INVALID_CURSOR */
  async list({ cursor, limit = DEFAULT_LIMIT }: { cursor?: string; limit?: number }): Promise<ApiKeyPage> {
    const after = cursor === undefined ? undefined : decodeCursor(cursor, ['string'], LIST)[0];
    const own = ofCaller();
    // One more than asked for, to know whether there is a next page.
    const rows = await TenantContext.asVault(() =>
      this.keys.find({
        where: { ...own, ...(after === undefined ? {} : { id: MoreThan(after) }) },
        order: { id: 'ASC' },
        take: limit + 1,
      }),
    );
    const items = rows.slice(0, limit).map((row) => this.known(row));
    const last = rows.length > limit ? items[limit - 1].row : undefined;
    return { items, nextCursor: last ? encodeCursor([last.id], LIST) : null };
  }

  /** @throws ApiError 404 */
  async get(id: string): Promise<KnownApiKey> {
    return this.known(await this.find(id));
  }

  /** @throws ApiError 403 for more than the caller may, 400 for an expiry in the past */
  create({ name, userId, permissions, expiresAt }: ApiKeyDraft): Promise<NewApiKey> {
    const scope = TenantContext.scope();
    if (scope.userId !== undefined && userId !== undefined && userId !== scope.userId) {
      throw forbidden('vault');
    }
    const owner = userId ?? scope.userId ?? '';
    const granted = permissions
      ? [...new Set(permissions)]
      : USUAL.filter((one) => scope.permissions.has(one));
    checkGrant(granted);
    refusePast(expiresAt, Date.now());
    return this.tenancy.transaction(async () => {
      await this.vaults.ensureWritable();
      return this.insert({
        userId: owner,
        name,
        permissions: JSON.stringify(granted),
        expiresAt: expiresAt ?? null,
      });
    });
  }

  /**
   * A new key in the place of another, which ends now or after a time of grace.
   *
   * @throws ApiError 404, 409 API_KEY_ENDED, 403 where the key may do more than the caller, 400 for an expiry in the
   *   past
   */
  rotate(id: string, { graceSeconds = 0, expiresAt }: Rotation): Promise<NewApiKey> {
    refusePast(expiresAt, Date.now());
    return this.tenancy.transaction(async () => {
      const old = await this.find(id);
      checkGrant(permissionsOf(old));
      const now = Date.now();
      if (old.revokedAt !== null || (old.expiresAt !== null && old.expiresAt <= now)) {
        throw new ApiError(409, 'API_KEY_ENDED', 'The key is revoked, or has expired: make a new one.');
      }
      await this.vaults.ensureWritable();
      const end = now + 1000 * graceSeconds;
      await this.change(
        old,
        graceSeconds === 0 ? { revokedAt: now } : { expiresAt: Math.min(end, old.expiresAt ?? end) },
      );
      const { userId, name, permissions } = old;
      return this.insert({ userId, name, permissions, expiresAt: expiresAt ?? old.expiresAt });
    });
  }

  /** Revoked again it stays as it was. @throws ApiError 404 */
  revoke(id: string): Promise<KnownApiKey> {
    return this.tenancy.transaction(async () => {
      const key = await this.find(id);
      if (key.revokedAt !== null) return this.known(key);
      return this.known(await this.change(key, { revokedAt: Date.now() }));
    });
  }

  /** @throws ApiError 404, also for a key of somebody else */
  private async find(id: string): Promise<ApiKey> {
    const own = ofCaller();
    const key = await TenantContext.asVault(() => this.keys.findOneBy({ id, ...own }));
    if (!key) throw new ApiError(404, 'NOT_FOUND', 'There is no API key with this id.');
    return key;
  }

  private async insert(
    draft: Pick<ApiKey, 'userId' | 'name' | 'permissions' | 'expiresAt'>,
  ): Promise<NewApiKey> {
    const { vaultId } = TenantContext.scope();
    const now = Date.now();
    const id = uuidv7(now);
    const key = makeApiKey({ vaultId, id });
    const row: ApiKey = {
      ...draft,
      vaultId,
      id,
      secretHash: hashOfApiKey(key),
      createdAt: now,
      revokedAt: null,
      lastUsedAt: null,
    };
    await TenantContext.asVault(() => this.keys.insert(row));
    return { row, lastUsedAt: null, key };
  }

  private async change(
    key: ApiKey,
    changes: Partial<Pick<ApiKey, 'expiresAt' | 'revokedAt'>>,
  ): Promise<ApiKey> {
    await TenantContext.asVault(() => this.keys.update({ id: key.id }, changes));
    this.tenancy.afterCommit(() => this.verified.forget());
    return { ...key, ...changes };
  }

  private known(row: ApiKey): KnownApiKey {
    const waiting = this.uses.waitingFor(row.id);
    const { lastUsedAt } = row;
    return { row, lastUsedAt: waiting === undefined ? lastUsedAt : Math.max(waiting, lastUsedAt ?? 0) };
  }
}

/** The table is closed to users, who may see the keys of their own all the same: this is what limits them. */
function ofCaller(): { userId?: string } {
  const { userId } = TenantContext.scope();
  return userId === undefined ? {} : { userId };
}

/** @throws ApiError 403 naming a permission that the caller lacks */
function checkGrant(permissions: readonly Permission[]): void {
  const { permissions: own } = TenantContext.scope();
  const lacking = permissions.find((one) => !own.has(one));
  if (!lacking) return;
  throw new ApiError(
    403,
    'FORBIDDEN',
    `The key would have the permission "${lacking}", which the caller lacks.`,
  );
}
