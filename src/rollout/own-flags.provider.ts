import {
  FlagNotFoundError,
  type EvaluationContext,
  type ResolutionDetails,
  ParseError,
} from '@openfeature/core';
import { OpenFeatureEventEmitter, type Provider, ProviderEvents } from '@openfeature/server-sdk';
import { flagSettingName } from '../config/flag-settings-reader.js';
import { type FlagDefinitions, FlagDecider } from './flag-rules.js';
import { FlagsFile } from './flags-file.js';
import { FLAG_NAMES, type FlagName, type FlagValue, type FlagsConfig } from './flags.js';

/**
 * The provider that comes with the service: flags of a file and, where the file does not name one or there is none,
 * of the environment. While there has been no good file yet nothing is known of any flag.
 */
export class OwnFlagsProvider implements Provider {
  readonly runsOn = 'server';
  readonly metadata = { name: 'cairn' };
  readonly events = new OpenFeatureEventEmitter();
  private readonly file: FlagsFile | undefined;
  private readonly settings: FlagDefinitions;
  private deciders = new Map<string, FlagDecider>();

  constructor({ file, settings }: FlagsConfig['flags']) {
    this.settings = settings;
    this.file =
      file === undefined
        ? undefined
        : new FlagsFile(file, () => {
            this.prepare();
            this.events.emit(ProviderEvents.ConfigurationChanged);
          });
    this.prepare();
  }

  /** Reads the file, if there is one. */
  open(): void {
    this.file?.open();
  }

  close(): void {
    this.file?.close();
  }

  /** What is wrong, if anything is. */
  get problem(): string | undefined {
    return this.file?.problem && `${this.file.name} cannot be used: ${this.file.problem}`;
  }

  async resolveBooleanEvaluation(name: string, all: boolean, context: EvaluationContext) {
    return this.resolve(name, all, context);
  }

  async resolveStringEvaluation(name: string, all: string, context: EvaluationContext) {
    return this.resolve(name, all, context);
  }

  async resolveNumberEvaluation(name: string): Promise<never> {
    throw new FlagNotFoundError(name);
  }

  async resolveObjectEvaluation(name: string): Promise<never> {
    throw new FlagNotFoundError(name);
  }

  private resolve<T extends FlagValue | string>(
    name: string,
    all: T,
    { targetingKey }: EvaluationContext,
  ): ResolutionDetails<T> {
    if (this.file && !this.file.definitions) throw new ParseError(this.problem);
    const decision = targetingKey === undefined ? undefined : this.deciders.get(name)?.decide(targetingKey);
    if (!decision) return { value: all, reason: 'DEFAULT' };
    const { value, reason, why } = decision;
    return { value: value as T, reason, flagMetadata: { why } };
  }

  private prepare(): void {
    const inFile = this.file?.definitions ?? {};
    const decider = (flag: FlagName): [string, FlagDecider][] => {
      const named = inFile[flag];
      if (named) return [[flag, new FlagDecider(flag, named, this.file!.name)]];
      const set = this.settings[flag];
      return set ? [[flag, new FlagDecider(flag, set, flagSettingName(flag))]] : [];
    };
    this.deciders = new Map(FLAG_NAMES.flatMap(decider));
  }
}
