import type { EntityMetadata } from 'typeorm';

/**
 * How rows of a tenant entity are seen inside their vault:
 * - `vault`: by everyone in the vault;
 * - `owned`: a user scope sees the rows of its user (`userId`), a service scope all;
 * - `service`: user scopes are refused.
 */
export type Visibility = 'vault' | 'owned' | 'service';

export interface Tenancy {
  readonly visibility: Visibility;
  /** Rows whose `expiresAt` has passed do not exist. */
  readonly expiring: boolean;
}

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- a class of any shape, used as a map key
type EntityClass = Function;

const visibilities = new Map<EntityClass, Visibility>();
const expiring = new Set<EntityClass>();

const mark = (visibility: Visibility) => (): ClassDecorator => (target) => {
  if (visibilities.has(target)) throw new Error(`${target.name}: its rows are seen in one way, not in two`);
  visibilities.set(target, visibility);
};

/** A tenant entity whose rows everyone in the vault may see. It must have `vaultId`. */
export const Tenant = mark('vault');
/** A tenant entity whose rows belong to a user (`userId`, the empty string for none). */
export const Owned = mark('owned');
/** A tenant entity that only service scopes may touch. */
export const ServiceOnly = mark('service');

/** Rows whose `expiresAt` has passed are not seen, changed or deleted by anyone but the sweep. */
export function Expiring(): ClassDecorator {
  return (target) => {
    expiring.add(target);
  };
}

/** @returns undefined for an entity that belongs to no tenant */
export function tenancyOf(metadata: EntityMetadata): Tenancy | undefined {
  if (typeof metadata.target !== 'function') return undefined;
  const visibility = visibilities.get(metadata.target);
  return visibility && { visibility, expiring: expiring.has(metadata.target) };
}
