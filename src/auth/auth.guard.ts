import type { IncomingMessage } from 'node:http';
import { type CanActivate, type ExecutionContext, Inject, Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Config, CONFIG } from '../config/config.js';
import { ApiError } from '../http/api-error.js';
import { ClaimEnforcement } from '../rollout/enforcement.js';
import { Flags } from '../rollout/flags.service.js';
import { makeScope } from '../tenancy/scope.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { ApiKeyCheck } from '../vaults/api-key-check.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { API_KEY_PREFIX } from './api-key-form.js';
import { credentialOf } from './credential.js';
import { devIdentity } from './dev-mode.js';
import type { Identity } from './identity.js';
import { JwtStrategy } from './jwt.strategy.js';
import { OpenMemoryKey } from './open-memory-key.js';
import { headerValues } from './raw-headers.js';
import { TokenRefused, forbidden, invalidToken, withMetadata } from './refusals.js';
import { metadataUrl } from './resource-metadata.js';
import { type Access, accessOf } from './route-access.decorators.js';

/**
 * The one guard, in front of every route. A route is closed unless it says who may call it. For a private one
 * the guard finds out who is asking and gives the request its scope; this is the only place where a request
 * gets one, and the vault in it comes from nothing but the verified credential (or, in dev mode, X-Vault-Id; or, for
 * a token without a vault claim, from `ClaimEnforcement`).
 *
 * With credentials configured X-Vault-Id and X-User-Id are not looked at.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  private readonly logger = new Logger('Auth');
  private readonly tokens: JwtStrategy | undefined;
  private readonly openMemoryKey: OpenMemoryKey | undefined;
  private readonly devMode: boolean;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly vaults: VaultsService,
    private readonly flags: Flags,
    private readonly keys: ApiKeyCheck,
    private readonly enforcement: ClaimEnforcement,
  ) {
    const { jwt, openMemoryKey, devMode } = config.auth;
    this.tokens = jwt && new JwtStrategy(jwt);
    this.openMemoryKey = openMemoryKey === undefined ? undefined : new OpenMemoryKey(openMemoryKey, vaults);
    // Where there are credentials to check, nothing is believed without one.
    this.devMode = devMode && !this.tokens && !this.openMemoryKey;
  }

  /**
   * @throws ApiError 401 MISSING_TOKEN or INVALID_TOKEN, 403 FORBIDDEN, in dev mode 403 DEV_MODE_REFUSED or
   *   400 INVALID_HEADER, 503 when the identity provider's keys cannot be had
   */
  canActivate(context: ExecutionContext): true | Promise<true> {
    const access = accessOf(context.getHandler(), context.getClass());
    if (access === undefined || context.getType() !== 'http') throw forbidden();
    return access === 'public' || this.admit(context.switchToHttp().getRequest<FastifyRequest>(), access);
  }

  private async admit(request: FastifyRequest, access: Exclude<Access, 'public'>): Promise<true> {
    const { vaultId, userId, permissions, selfName, placed } = await this.identify(request.raw);
    const { status, shareUnowned } = await this.vaults.state(vaultId);
    // A vault nobody has written to yet is an empty one; a closed vault's tokens are no tokens.
    if (status !== 'active' && status !== 'unknown') {
      throw this.challenged(this.refuse(`the vault is ${status}`), request.raw);
    }

    const flags = await this.flags.load(vaultId);
    const shared = shareUnowned && flags['tenancy.shared-memories'];
    TenantContext.enter(makeScope({ vaultId, userId, permissions, shareUnowned: shared, selfName }));
    if (placed) this.enforcement.note(placed);
    if (access !== 'authenticated' && !permissions.includes(access)) throw forbidden(access);
    return true;
  }

  private async identify(request: IncomingMessage): Promise<Identity> {
    if (this.devMode && !this.holdsApiKey(request)) return devIdentity(request);
    try {
      return await this.verify(request.rawHeaders);
    } catch (error) {
      if (error instanceof ApiError) throw this.challenged(error, request);
      if (error instanceof TokenRefused) throw this.challenged(this.refuse(error.message), request);
      // Where the database cannot be asked for a key, nothing is known of it: that is no refusal.
      throw error;
    }
  }

  private async verify(rawHeaders: readonly string[]): Promise<Identity> {
    const { apiKeys } = this.config.auth;
    const { text, isKey } = credentialOf(rawHeaders, apiKeys);
    if (this.openMemoryKey?.matches(text)) return this.openMemoryKey.identity();
    if (apiKeys && (isKey || text.startsWith(API_KEY_PREFIX))) return this.keys.verify(text);
    if (!this.tokens) throw new TokenRefused('no tokens are accepted here');
    try {
      const identity = await this.tokens.verify(text);
      return identity.vaultId === undefined ? await this.enforcement.place(identity) : identity;
    } catch (error) {
      throw error instanceof ApiError ? error : new TokenRefused(reasonOf(error));
    }
  }

  /** In dev mode other credentials are passed over: clients have them left from elsewhere. */
  private holdsApiKey({ rawHeaders }: IncomingMessage): boolean {
    if (!this.config.auth.apiKeys) return false;
    return ['x-api-key', 'authorization'].some((name) =>
      headerValues(rawHeaders, name).some((value) => value.includes(API_KEY_PREFIX)),
    );
  }

  /** The caller learns nothing; the log gets a reason that holds nothing of the credential. */
  private refuse(reason: string): ApiError {
    this.logger.debug(`Token refused: ${reason}`);
    return invalidToken();
  }

  private challenged(error: ApiError, { url }: IncomingMessage): ApiError {
    const { protectedResource } = this.config.auth;
    if (!protectedResource || error.getStatus() !== 401) return error;
    return withMetadata(error, metadataUrl(protectedResource, url));
  }
}

/** Messages of jsonwebtoken name what was expected, never what was sent; those of other errors might. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  const safe =
    error instanceof TokenRefused || /^(?:JsonWebToken|TokenExpired|NotBefore)Error$/.test(error.name);
  return safe ? error.message : error.name;
}
