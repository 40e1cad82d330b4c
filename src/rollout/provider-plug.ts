import { Logger } from '@nestjs/common';
import { type Provider, ProviderEvents } from '@openfeature/server-sdk';
import type { FlagClient } from './flag-client.js';
import { PluggedProvider } from './plugged-provider.js';
import type { ProviderModule } from './provider-module.js';
import { shortMessage } from './short-message.js';
import { within } from './time-limit.js';

/** How long a provider may take to be loaded, and then to be initialised. */
const START_MS = 30_000;
/** How long it may take to close. */
const CLOSE_MS = 2_000;
/** After a failed attempt, doubled for each that follows. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** Brings the provider of a module to work, and tries again while it does not. */
export class ProviderPlug {
  private readonly logger = new Logger('Flags');
  private provider: Provider | undefined;
  private plugged: PluggedProvider | undefined;
  private trouble: string | undefined = 'the provider of FLAGS_PROVIDER is not ready yet';
  private pauseMs = FIRST_PAUSE_MS;
  private timer: NodeJS.Timeout | undefined;
  private closed = false;

  /** @param onReady called whenever the provider begins to work */
  constructor(
    private readonly client: FlagClient,
    private readonly module: ProviderModule,
    private readonly onReady: () => void,
  ) {}

  /** Why it cannot be asked; undefined when it can. */
  get problem(): string | undefined {
    return this.trouble;
  }

  /** The first attempt. Never fails. */
  open(): Promise<void> {
    this.client.on(ProviderEvents.Ready, this.ready);
    return this.attempt();
  }

  /** Lets the provider close, but waits for it no longer than a little while. Never fails. */
  async close(): Promise<void> {
    this.closed = true;
    clearTimeout(this.timer);
    this.client.off(ProviderEvents.Ready, this.ready);
    this.plugged?.detach();
    this.client.unbind();
    await this.end(this.provider);
    this.provider = undefined;
  }

  private async attempt(): Promise<void> {
    try {
      const provider = await within(START_MS, this.made());
      await within(START_MS, this.plug(provider));
      this.ready();
    } catch (error) {
      if (!this.closed && this.trouble !== undefined) this.tryAgain(error);
    }
  }

  /** A provider that comes after the service has closed is closed too. */
  private async made(): Promise<Provider> {
    const provider = await this.module.make();
    if (!this.closed) return provider;
    await this.end(provider);
    throw new Error('it came too late');
  }

  private async plug(provider: Provider): Promise<void> {
    this.plugged?.detach();
    if (provider !== this.provider) void this.end(this.provider);
    this.provider = provider;
    this.plugged = new PluggedProvider(provider);
    await this.client.bind(this.plugged);
  }

  /** Also when a provider whose initialisation failed has mended itself. */
  private readonly ready = (): void => {
    if (this.closed || this.trouble === undefined) return;
    clearTimeout(this.timer);
    this.trouble = undefined;
    this.pauseMs = FIRST_PAUSE_MS;
    this.logger.log(`Flags come from the provider ${this.plugged?.metadata.name}`);
    this.onReady();
  };

  private tryAgain(error: unknown): void {
    const pauseMs = this.pauseMs;
    this.pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    this.trouble = `the provider of FLAGS_PROVIDER cannot be used (${shortMessage(error)})`;
    this.logger.error(
      `Safe values stand in for flags: ${this.trouble}; it is tried again in ${pauseMs / 1000} s`,
    );
    this.timer = setTimeout(() => void this.attempt(), pauseMs).unref();
  }

  private async end(provider: Provider | undefined): Promise<void> {
    try {
      await within(CLOSE_MS, Promise.resolve(provider?.onClose?.()));
    } catch (error) {
      this.logger.warn(`The provider of flags did not close as it should: ${shortMessage(error)}`);
    }
  }
}
