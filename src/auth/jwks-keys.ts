import { type KeyObject, createPublicKey } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { fetchJwks } from './jwks-fetch.js';
import { TokenRefused, keysUnavailable } from './refusals.js';
import type { TokenHeader } from './token-form.js';

interface PublicKey {
  readonly key: KeyObject;
  readonly kid: string | undefined;
  readonly alg: string | undefined;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** Between two fetches, however many tokens name a key that is not there: a flood of them costs one fetch. */
const REFETCH_INTERVAL = 30 * SECOND;
/** The same while there are no keys at all, when every request waits for the first good answer. */
const FIRST_FETCH_INTERVAL = 5 * SECOND;
/** Keys older than this are fetched again, beside the requests. */
const REFRESH_AFTER = 5 * MINUTE;
/** Keys older than this are not used before a new fetch was tried: how long a withdrawn key may still pass. */
const RETRY_BEFORE_USE_AFTER = 10 * MINUTE;
/** How long keys outlive an identity provider that cannot be reached. */
const EXPIRE_AFTER = 60 * MINUTE;

/** RFC 7518 §3.3: RSA keys below this size must not be used. */
const MIN_RSA_BITS = 2048;

/**
 * The public keys of one fixed JWKS address. The address comes from the configuration and never from a token;
 * a token's `kid` only selects among keys that were fetched. A new set replaces the former one whole, so a key
 * that was withdrawn stops being accepted.
 */
export class JwksKeys {
  private readonly logger = new Logger('JWKS');
  private keys: readonly PublicKey[] = [];
  private fetchedAt = -Infinity;
  private nextFetchAt = -Infinity;
  private lastFetchFailed = false;
  private fetching: Promise<void> | undefined;

  /** @param now a clock in milliseconds that never goes back */
  constructor(
    private readonly url: string,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /**
   * The key that the token says it was signed with.
   *
   * @throws TokenRefused when there is no such key
   * @throws ApiError 503 when that cannot be known, because the keys could not be fetched
   */
  async find(header: TokenHeader): Promise<KeyObject> {
    if (this.age() >= REFRESH_AFTER) {
      const refreshed = this.refresh();
      if (this.age() >= RETRY_BEFORE_USE_AFTER) await refreshed;
    }
    let key = this.lookUp(header);
    if (!key) {
      await this.refresh();
      key = this.lookUp(header);
    }
    if (this.age() >= EXPIRE_AFTER || (!key && this.lastFetchFailed)) {
      throw keysUnavailable(this.nextFetchAt - this.now());
    }
    if (!key) throw new TokenRefused('no key with that kid');
    return key;
  }

  private age(): number {
    return this.now() - this.fetchedAt;
  }

  /** A token without `kid` is accepted only where just one key could have signed it. */
  private lookUp({ alg, kid }: TokenHeader): KeyObject | undefined {
    const fitting = this.keys.filter(
      (candidate) =>
        (kid === undefined || candidate.kid === kid) &&
        (candidate.alg === undefined || candidate.alg === alg) &&
        isForAlgorithm(candidate.key, alg),
    );
    return kid === undefined && fitting.length > 1 ? undefined : fitting[0]?.key;
  }

  /** Fetches, unless the last fetch is too recent; joins the one under way. Never rejects. */
  private refresh(): Promise<void> {
    if (!this.fetching && this.now() >= this.nextFetchAt) {
      this.nextFetchAt = this.now() + (this.keys.length > 0 ? REFETCH_INTERVAL : FIRST_FETCH_INTERVAL);
      this.fetching = this.fetch().finally(() => (this.fetching = undefined));
    }
    return this.fetching ?? Promise.resolve();
  }

  private async fetch(): Promise<void> {
    try {
      this.keys = await this.load();
      this.fetchedAt = this.now();
      this.nextFetchAt = this.fetchedAt + REFETCH_INTERVAL;
      this.lastFetchFailed = false;
    } catch (error) {
      this.lastFetchFailed = true;
      this.logger.warn(`The signing keys could not be fetched: ${(error as Error).message}`);
    }
  }

  private async load(): Promise<PublicKey[]> {
    // Loaded when first needed: most installations have a secret and no JWKS address.
    const { default: jwksRsa } = await import('jwks-rsa');
    const client = new jwksRsa.JwksClient({ jwksUri: this.url, cache: false, fetcher: fetchJwks });
    const keys = (await client.getSigningKeys()).map(({ kid, alg, ...rest }) => ({
      key: createPublicKey(rest.getPublicKey()),
      kid: kid as string | undefined, // the library's type says string; it leaves the member out for a key without
      alg: alg as string | undefined, // likewise
    }));
    const strong = keys.filter(
      ({ key }) => (key.asymmetricKeyDetails?.modulusLength ?? MIN_RSA_BITS) >= MIN_RSA_BITS,
    );
    if (strong.length < keys.length) {
      this.logger.warn(
        `${keys.length - strong.length} RSA keys of less than ${MIN_RSA_BITS} bits are not used.`,
      );
    }
    return strong;
  }
}

function isForAlgorithm(key: KeyObject, alg: string): boolean {
  const type = key.asymmetricKeyType;
  if (alg.startsWith('ES')) return type === 'ec';
  return type === 'rsa' || (type === 'rsa-pss' && alg.startsWith('PS'));
}
