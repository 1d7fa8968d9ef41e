import 'reflect-metadata';
import { RequestMethod, SetMetadata, type Type } from '@nestjs/common';
import type { Role } from '@footbridge/contracts';
import { accountRoles } from './identity/token-roles.js';
import { PolicyError, type KnownAction } from './authorisation.js';

const ACTION = 'action';
const PUBLIC = 'public';

export interface DeclaredAction { readonly name: string; /** Absent where the table says it. */ readonly roles?: readonly Role[] }

/**
 * What a route does, as the policies know it, and which roles may ask for it. `Case.assign` is about one row and decided when that is
 * loaded, so that a foreign one is answered like a missing one; `shelter-directory.search` is about none and decided at the door.
 */
export const Action = (name: string, roles?: readonly Role[]): MethodDecorator => SetMetadata(ACTION, { name, ...(roles ? { roles } : {}) } satisfies DeclaredAction);
/** Any account with any role; what it finds is narrowed by whose it is. */
export const EVERYBODY: readonly Role[] = accountRoles;

export const actionOf = (handler: object): DeclaredAction | undefined => Reflect.getMetadata(ACTION, handler) as DeclaredAction | undefined;

export interface Route { readonly method: string; readonly path: string; readonly public: boolean; readonly action: DeclaredAction | undefined }
/** Every HTTP route of a controller. Handlers of events are none. */
export function routesIn(controller: Type<object>): readonly Route[] {
  const base: unknown = Reflect.getMetadata('path', controller);
  return Object.getOwnPropertyNames(controller.prototype).flatMap((name) => {
    const handler: unknown = Object.getOwnPropertyDescriptor(controller.prototype, name)?.value;
    const method: unknown = typeof handler === 'function' ? Reflect.getMetadata('method', handler) : undefined;
    if (typeof handler !== 'function' || method === undefined) return [];
    return [Reflect.getMetadata('path', handler) as unknown].flat().map((path): Route => ({
      method: String(RequestMethod[Number(method)]), path: `/${[base, path].filter((part) => part !== '/' && part !== undefined && part !== '').join('/')}`,
      public: Reflect.getMetadata(PUBLIC, handler) === true || Reflect.getMetadata(PUBLIC, controller) === true, action: actionOf(handler),
    }));
  });
}

/** The actions that controllers declare beside the tables. */
export const declaredActions = (controllers: readonly Type<object>[]): readonly Pick<KnownAction, 'name' | 'roles'>[] => {
  const all = controllers.flatMap(routesIn).flatMap(({ action }) => (action?.roles ? [{ name: action.name, roles: action.roles }] : []));
  return [...new Map(all.map((a) => [a.name, a])).values()];
};

/** Routes about which no policy can say anything. A service with such a route does not start. */
export const unknownRoutes = (controllers: readonly Type<object>[], known: ReadonlyMap<string, unknown>): readonly Route[] =>
  controllers.flatMap(routesIn).filter((r) => !r.public && (r.action === undefined || !known.has(r.action.name)));

/** @throws PolicyError */
export function requireActions(service: string, controllers: readonly Type<object>[], known: ReadonlyMap<string, unknown>): void {
  const [lost] = unknownRoutes(controllers, known);
  if (lost) throw new PolicyError(`${lost.method} ${lost.path} of ${service} has no action that the policies know: say which one with @Action('…', [roles]), or @Public() where nobody signs in.`);
}
