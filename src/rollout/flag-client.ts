import { randomUUID } from 'node:crypto';
import { ErrorCode, type EvaluationDetails, StandardResolutionReasons } from '@openfeature/core';
import {
  type Client,
  NOOP_PROVIDER,
  OpenFeature,
  type Provider,
  ProviderEvents,
} from '@openfeature/server-sdk';
import { type FlagName, type FlagValue, type FlagValues, isSwitch, isValueOf } from './flags.js';
import { OwnFlagsProvider } from './own-flags.provider.js';
import { shortMessage, shortText } from './short-message.js';

/** What came of asking for a flag. */
export type Outcome =
  | { readonly ok: true; readonly value: FlagValue; readonly why: string }
  | { readonly ok: false; readonly why: string };

type Details = EvaluationDetails<boolean | string>;

const silent = { error: drop, warn: drop, info: drop, debug: drop };

/** OpenFeature as one service uses it: in a domain of its own, because its providers are the process's. */
export class FlagClient {
  private readonly domain = `cairn-${randomUUID()}`;
  private readonly client: Client;
  /** Whether the provider's words are our own. */
  private own = false;

  /** @param defaults of flags of which the provider says nothing */
  constructor(private readonly defaults: FlagValues) {
    // What providers log of an evaluation may hold anything.
    this.client = OpenFeature.getClient(this.domain).setLogger(silent);
  }

  /** Asks this provider from now on. @throws what its initialisation does */
  bind(provider: Provider): Promise<void> {
    this.own = provider instanceof OwnFlagsProvider;
    return OpenFeature.setProviderAndWait(this.domain, provider);
  }

  unbind(): void {
    OpenFeature.setProvider(this.domain, NOOP_PROVIDER);
  }

  on(event: ProviderEvents, listener: () => void): void {
    this.client.addHandler(event, listener);
  }

  off(event: ProviderEvents, listener: () => void): void {
    this.client.removeHandler(event, listener);
  }

  /** Never fails; may never end, where the provider does not. */
  async ask(flag: FlagName, vaultId: string): Promise<Outcome> {
    const all = this.defaults[flag];
    const context = { targetingKey: vaultId, vaultId };
    try {
      const details: Details = isSwitch(flag)
        ? await this.client.getBooleanDetails(flag, all as boolean, context)
        : await this.client.getStringDetails(flag, all as string, context);
      return this.judge(flag, details, vaultId);
    } catch (error) {
      return { ok: false, why: `${this.provider}: ${shortMessage(error, vaultId)}` };
    }
  }

  private judge(flag: FlagName, details: Details, vault: string): Outcome {
    const { value, reason, errorCode, errorMessage, flagMetadata } = details;
    if (errorCode === ErrorCode.FLAG_NOT_FOUND) {
      return { ok: true, value: this.defaults[flag], why: `default: ${this.provider} does not know it` };
    }
    if (errorCode !== undefined || reason === StandardResolutionReasons.ERROR) {
      const message = typeof errorMessage === 'string' ? errorMessage : undefined;
      if (this.own) return { ok: false, why: message ?? 'unknown' };
      return { ok: false, why: `${this.provider}: ${shortMessage({ code: errorCode, message }, vault)}` };
    }
    if (!isValueOf(flag, value)) {
      return { ok: false, why: `${this.provider}: a value that the flag cannot have` };
    }
    if (this.own) return { ok: true, value, why: String(flagMetadata.why ?? 'default') };
    return {
      ok: true,
      value,
      why: `${this.provider}: ${shortText(String(reason ?? 'no reason given'), vault)}`,
    };
  }

  private get provider(): string {
    return `provider ${OpenFeature.getProviderMetadata(this.domain).name}`;
  }
}

function drop(): void {}
