import 'reflect-metadata';
import { ApiBearerAuth, ApiHeader, ApiResponse } from '@nestjs/swagger';
import type { Permission } from './permissions.js';

/** Who may call a route: anyone, anyone with a valid credential, or only holders of one permission. */
export type Access = 'public' | 'authenticated' | Permission;

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- controllers and handlers of any shape
type Target = Function;
type Decorator = ClassDecorator & MethodDecorator;

const ACCESS = 'cairn:access';

const IDEMPOTENCY_KEY = ApiHeader({
  name: 'Idempotency-Key',
  required: false,
  description: 'Has the request take effect once, however often it is made within a day: 1 to 255 characters',
});

const NO_CREDENTIAL = ApiResponse({ status: 401, description: 'No token, or one that is not accepted' });

/** Anyone may call it, without a credential; it runs without a scope and so cannot touch a vault's data. */
export const Public = () => declareAccess('public');

/** Anyone with a valid credential may call it, whatever its permissions. */
export const Authenticated = () => declareAccess('authenticated', ApiBearerAuth(), NO_CREDENTIAL);

/**
 * Only credentials with this permission may call it. On a method it stands in for the one on the class.
 *
 * @param keyed false where the route knows no Idempotency-Key, though its permission is one of those that write
 */
export const RequirePermission = (permission: Permission, { keyed = true } = {}) => {
  const description = `The credential lacks the permission "${permission}"`;
  const writes = keyed && (permission === 'write' || permission === 'delete' || permission === 'admin');
  return declareAccess(
    permission,
    ApiBearerAuth(),
    NO_CREDENTIAL,
    ApiResponse({ status: 403, description }),
    ...(writes ? [IDEMPOTENCY_KEY] : []),
  );
};

/** @returns undefined when the route does not say: then nobody may call it */
export function accessOf(handler: Target, controller: Target): Access | undefined {
  return Reflect.getMetadata(ACCESS, handler) ?? Reflect.getMetadata(ACCESS, controller);
}

function declareAccess(access: Access, ...documentation: Decorator[]): Decorator {
  return (classOrPrototype: object, name?: string | symbol, descriptor?: PropertyDescriptor) => {
    const target = (descriptor?.value ?? classOrPrototype) as Target;
    // Two of them would let the order of lines decide who gets in.
    if (Reflect.hasOwnMetadata(ACCESS, target)) throw new Error(`${target.name} says twice who may call it`);
    Reflect.defineMetadata(ACCESS, access, target);
    // For a class decorator the last two are undefined, which the decorators' types leave out.
    for (const decorate of documentation)
      decorate(classOrPrototype as never, name as never, descriptor as never);
  };
}
