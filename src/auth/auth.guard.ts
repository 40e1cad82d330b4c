import type { IncomingMessage } from 'node:http';
import { type CanActivate, type ExecutionContext, Inject, Injectable, Logger } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { type Config, CONFIG } from '../config/config.js';
import { ApiError } from '../http/api-error.js';
import { makeScope } from '../tenancy/scope.js';
import { TenantContext } from '../tenancy/tenant-context.js';
import { VaultsService } from '../vaults/vaults.service.js';
import { bearerToken } from './bearer.js';
import { devIdentity } from './dev-mode.js';
import type { Identity } from './identity.js';
import { JwtStrategy } from './jwt.strategy.js';
import { TokenRefused, forbidden, invalidToken, missingToken } from './refusals.js';
import { type Access, accessOf } from './route-access.decorators.js';

/**
 * The one guard, in front of every route. A route is closed unless it says who may call it. For a private one
 * the guard finds out who is asking and gives the request its scope; this is the only place where a request
 * gets one, and the vault in it comes from nothing but the verified credential (or, in dev mode, X-Vault-Id).
 *
 * With tokens configured X-Vault-Id and X-User-Id are not looked at.
 */
@Injectable()
export class AuthGuard implements CanActivate {
  private readonly logger = new Logger('Auth');
  private readonly tokens: JwtStrategy | undefined;
  private readonly devMode: boolean;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly vaults: VaultsService,
  ) {
    this.tokens = config.auth.jwt && new JwtStrategy(config.auth.jwt);
    // Where there are credentials to check, nothing is believed without one.
    this.devMode = config.auth.devMode && !this.tokens;
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
    const { vaultId, userId, permissions, selfName } = await this.identify(request.raw);
    const { status, shareUnowned } = await this.vaults.state(vaultId);
    // A vault nobody has written to yet is an empty one; a closed vault's tokens are no tokens.
    if (status !== 'active' && status !== 'unknown') throw this.refuse(`the vault is ${status}`);

    TenantContext.enter(makeScope({ vaultId, userId, permissions, shareUnowned, selfName }));
    if (access !== 'authenticated' && !permissions.includes(access)) throw forbidden(access);
    return true;
  }

  private async identify(request: IncomingMessage): Promise<Identity> {
    if (this.devMode) return devIdentity(request);
    if (!this.tokens) throw missingToken();
    try {
      return await this.tokens.verify(bearerToken(request.rawHeaders));
    } catch (error) {
      if (error instanceof ApiError) throw error;
      throw this.refuse(reasonOf(error));
    }
  }

  /** The caller learns nothing; the log gets a reason that holds nothing of the token. */
  private refuse(reason: string): ApiError {
    this.logger.debug(`Token refused: ${reason}`);
    return invalidToken();
  }
}

/** Messages of jsonwebtoken name what was expected, never what was sent; those of other errors might. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'no reason given';
  const safe =
    error instanceof TokenRefused || /^(?:JsonWebToken|TokenExpired|NotBefore)Error$/.test(error.name);
  return safe ? error.message : error.name;
}
