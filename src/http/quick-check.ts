import { ValidationTypes, getMetadataStorage } from 'class-validator';
import type { ValidationMetadata } from 'class-validator/types/metadata/ValidationMetadata.js';
import type { DtoClass } from './dto-instance.js';

type Check = (value: unknown, instance: object) => boolean;

/** One field: when it is looked at, and what it has to pass. */
interface Rule {
  readonly property: string;
  readonly conditions: readonly ((instance: object, value: unknown) => boolean)[];
  readonly checks: readonly Check[];
}

const known = new WeakMap<DtoClass, readonly Rule[] | null>();

/**
 * Whether an instance passes every check that the decorators of its class ask for. class-validator puts its
 * rules together anew for each instance, which takes several times as long as going through them; nearly every
 * instance passes, and one that does not still goes to it for the errors.
 *
 * @returns false as well for classes with checks of a kind that is not gone through here: nested or asynchronous
 */
export function passes(dto: DtoClass, instance: object): boolean {
  let rules = known.get(dto);
  if (rules === undefined) {
    rules = rulesOf(dto);
    known.set(dto, rules);
  }
  return rules !== null && rules.every((rule) => passesRule(rule, instance));
}

function passesRule({ property, conditions, checks }: Rule, instance: object): boolean {
  const value = (instance as Record<string, unknown>)[property];
  for (const condition of conditions) if (!condition(instance, value)) return true;
  for (const check of checks) if (!check(value, instance)) return false;
  return true;
}

/** Null where class-validator has to go through them itself. */
function rulesOf(dto: DtoClass): Rule[] | null {
  const byProperty = new Map<string, ValidationMetadata[]>();
  for (const metadata of getMetadataStorage().getTargetValidationMetadatas(dto, '', false, false)) {
    const list = byProperty.get(metadata.propertyName);
    if (list) list.push(metadata);
    else byProperty.set(metadata.propertyName, [metadata]);
  }
  const rules: Rule[] = [];
  for (const [property, list] of byProperty) {
    const conditional = list.filter(({ type }) => type === ValidationTypes.CONDITIONAL_VALIDATION);
    const custom = list.filter(({ type }) => type === ValidationTypes.CUSTOM_VALIDATION);
    const checks = custom.flatMap(checksOf);
    if (conditional.length + custom.length < list.length || checks.includes(null)) return null;
    rules.push({
      property,
      conditions: conditional.map(({ constraints }) => constraints[0] as Rule['conditions'][number]),
      checks: checks as Check[],
    });
  }
  return rules;
}

function checksOf(metadata: ValidationMetadata): (Check | null)[] {
  const { constraintCls, constraints, each, propertyName: property } = metadata;
  const validators = getMetadataStorage().getTargetValidatorConstraints(constraintCls);
  if (metadata.validateIf !== undefined || validators.length === 0) return [null];
  return validators.map(({ async, instance: validator }) => {
    if (async) return null;
    const passesOne: Check = (value, object) =>
      validator.validate(value, {
        value,
        object,
        constraints,
        property,
        targetName: object.constructor.name,
      }) === true;
    if (!each) return passesOne;
    return (value, object) =>
      Array.isArray(value)
        ? value.every((item) => passesOne(item, object))
        : passesOne(value, object) && !(value instanceof Set || value instanceof Map);
  });
}
