import type { EvaluationContext, EventDetails, EventHandler, JsonValue, Logger } from '@openfeature/core';
import { OpenFeatureEventEmitter, type Provider, ProviderEvents } from '@openfeature/server-sdk';
import { shortText } from './short-message.js';

const EVENTS = Object.values(ProviderEvents);

/**
 * A provider from elsewhere as OpenFeature gets it: a new one for each attempt to initialise it, which OpenFeature
 * would otherwise take for the same as before, and not closed unless we say so.
 */
export class PluggedProvider implements Provider {
  readonly metadata: { readonly name: string };
  readonly runsOn: Provider['runsOn'];
  readonly hooks: Provider['hooks'];
  readonly events = new OpenFeatureEventEmitter();
  private readonly listeners: [ProviderEvents, EventHandler][] = [];

  constructor(private readonly inner: Provider) {
    this.metadata = { name: shortText(inner.metadata.name) };
    this.runsOn = inner.runsOn;
    this.hooks = Array.isArray(inner.hooks) ? inner.hooks : [];
    if (typeof inner.events?.addHandler !== 'function') return;
    for (const event of EVENTS) {
      const listener: EventHandler = (details) => this.events.emit(event, details as EventDetails);
      inner.events.addHandler(event, listener);
      this.listeners.push([event, listener]);
    }
  }

  /** Hears no more of the provider. */
  detach(): void {
    for (const [event, listener] of this.listeners.splice(0))
      this.inner.events?.removeHandler(event, listener);
  }

  async initialize(context?: EvaluationContext, domain?: string): Promise<void> {
    await this.inner.initialize?.(context, domain);
  }

  async resolveBooleanEvaluation(flag: string, all: boolean, context: EvaluationContext, logger: Logger) {
    return this.inner.resolveBooleanEvaluation(flag, all, context, logger);
  }

  async resolveStringEvaluation(flag: string, all: string, context: EvaluationContext, logger: Logger) {
    return this.inner.resolveStringEvaluation(flag, all, context, logger);
  }

  async resolveNumberEvaluation(flag: string, all: number, context: EvaluationContext, logger: Logger) {
    return this.inner.resolveNumberEvaluation(flag, all, context, logger);
  }

  async resolveObjectEvaluation<T extends JsonValue>(
    flag: string,
    all: T,
    context: EvaluationContext,
    logger: Logger,
  ) {
    return this.inner.resolveObjectEvaluation(flag, all, context, logger);
  }
}

/** Whether something is a provider as far as flags need one. */
export function isProvider(value: unknown): value is Provider {
  if (typeof value !== 'object' || value === null) return false;
  const { metadata, resolveBooleanEvaluation, resolveStringEvaluation } = value as Partial<Provider>;
  return (
    typeof metadata?.name === 'string' &&
    typeof resolveBooleanEvaluation === 'function' &&
    typeof resolveStringEvaluation === 'function'
  );
}
