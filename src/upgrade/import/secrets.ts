import { isObject } from '../../memories/stored-json.js';
import type { JsonObject } from './json-record.js';

/** Names of what lets somebody in. Numbers of tokens and the like are not among them. */
const SECRET =
  /(^|[_-])(access|refresh|auth|bearer|id|session|api|bot)?[_-]?token$|secret|passw(or)?d|passphrase|api[_-]?key|private[_-]?key|credential/i;

/** What stands in the place of a secret. */
export const DROPPED = '{"$dropped":"secret"}';

export function isSecretName(name: string): boolean {
  return SECRET.test(name.replaceAll(/([a-z])([A-Z])/g, '$1_$2'));
}

/** @returns the same value where nothing in it has the name of a secret */
export function withoutSecretMembers(value: unknown): unknown {
  if (Array.isArray(value)) {
    const items = value.map(withoutSecretMembers);
    return items.some((item, i) => item !== value[i]) ? items : value;
  }
  if (!isObject(value)) return value;
  let differs = false;
  const members = Object.entries(value).map(([name, member]) => {
    const clean =
      isSecretName(name) && member !== null
        ? (JSON.parse(DROPPED) as JsonObject)
        : withoutSecretMembers(member);
    if (clean !== member) differs = true;
    return [name, clean];
  });
  return differs ? Object.fromEntries(members) : value;
}
