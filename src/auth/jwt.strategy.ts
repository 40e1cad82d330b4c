import { type KeyObject, createSecretKey } from 'node:crypto';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';
import { type JwtSettings, identityOf } from './claims.js';
import type { TokenIdentity } from './identity.js';
import { JwksKeys } from './jwks-keys.js';
import { TokenRefused } from './refusals.js';
import { checkClaims, readTokenHeader } from './token-form.js';
import { VerifiedTokens } from './verified-tokens.js';

/** What passport-jwt is given in place of an HTTP request: the token, and the key found for it. */
interface TokenToVerify {
  readonly token: string;
  readonly key: KeyObject;
}

/**
 * Verifies tokens with passport-jwt: signature, algorithm, `exp`, `nbf`, issuer, audience.
 *
 * Keys are KeyObjects made once. Given a string, jsonwebtoken first tries to read it as a public key at every
 * verification and fails, which costs ten times the verification itself. HMAC algorithms only ever meet the
 * secret, and the others only keys of the JWKS, so a public key can never be taken for a secret.
 */
export class JwtStrategy extends PassportStrategy(Strategy) {
  private readonly algorithms: ReadonlySet<string>;
  private readonly secret: KeyObject | undefined;
  private readonly jwks: JwksKeys | undefined;
  private readonly verified = new VerifiedTokens();

  constructor(private readonly settings: JwtSettings) {
    const algorithms = settings.algorithms.filter((alg) =>
      isSymmetric(alg) ? settings.secret !== undefined : settings.jwksUrl !== undefined,
    );
    super({
      jwtFromRequest: ({ token }: TokenToVerify) => token,
      // The library's type knows only strings and buffers; jsonwebtoken takes a KeyObject.
      secretOrKeyProvider: (
        { key }: TokenToVerify,
        _token: string,
        done: (error: null, key: never) => void,
      ) => done(null, key as never),
      passReqToCallback: true,
      algorithms,
      issuer: settings.issuer,
      audience: settings.audience && [...settings.audience],
      jsonWebTokenOptions: { clockTolerance: settings.clockToleranceSeconds },
    });
    this.algorithms = new Set(algorithms);
    this.secret = settings.secret === undefined ? undefined : createSecretKey(settings.secret, 'utf8');
    this.jwks = settings.jwksUrl === undefined ? undefined : new JwksKeys(settings.jwksUrl);
  }

  /**
   * Who the token names.
   *
   * @throws TokenRefused, or an error of jsonwebtoken, when the token is not accepted
   * @throws ApiError 503 when the keys to check it with cannot be had
   */
  async verify(token: string): Promise<TokenIdentity> {
    const header = readTokenHeader(token);
    if (!this.algorithms.has(header.alg)) throw new TokenRefused('the algorithm is not on the list');
    const key = isSymmetric(header.alg) ? this.secret : await this.jwks?.find(header);
    if (!key) throw new TokenRefused('no key for the algorithm');
    return this.verified.find(token, key) ?? this.verifyWith(key, token);
  }

  /** Called by passport-jwt with the claims of a token whose signature and times are good. */
  validate({ token, key }: TokenToVerify, parsed: unknown): TokenIdentity {
    const claims = checkClaims(token, parsed);
    const identity = identityOf(claims, this.settings, Date.now() / 1000);
    const expires = 1000 * ((claims.exp as number) + this.settings.clockToleranceSeconds);
    this.verified.remember(token, { key, identity, expires });
    return identity;
  }

  private verifyWith(key: KeyObject, token: string): Promise<TokenIdentity> {
    return new Promise((resolve, reject) => {
      // Passport's own way to run a strategy: a derived object per attempt carries the outcome's callbacks.
      const attempt = Object.create(this) as this;
      attempt.success = resolve;
      attempt.fail = reject;
      attempt.error = reject;
      const request: TokenToVerify = { token, key };
      attempt.authenticate(request as never); // the type asks for an Express request, the code for our own reader's
    });
  }
}

function isSymmetric(alg: string): boolean {
  return alg.startsWith('HS');
}
