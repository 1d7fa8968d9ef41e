import { contracts, states, visibility, type ContractEvent, type VisibilityRow } from '@footbridge/contracts';
import { fieldsOf, isPersonal, tableOf, type AnyRow, type BodyClass, type Fields, type Lifecycle } from '@footbridge/lifecycle';
import { busTables } from '@footbridge/messaging';
import { Classification, WireSchema, dataClasses, type Classified, type DataClass, type Handled, type SeenBy } from '@footbridge/privacy';
import { columnOf, commonTables, logFields, table, type LifecycleClasses, type ServiceDefinition, type TableClasses } from '@footbridge/service';
import { getMetadataStorage } from 'class-validator';
import { identityBodies, identityTables } from '../identity/classes.js';
import '../identity/administration.dto.js';
import { services } from '../services.js';
import { settings } from './settings.js';

/** What is there: each column, body member, event field, log field and setting, by its path. */
export const pathOf = {
  column: (schema: string, tbl: string, column: string): string => `column:${schema}.${tbl}.${column}`,
  body: (body: string, member: string): string => `body:${body}.${member}`,
  event: (type: string, field: string): string => `event:${type}.${field}`,
  log: (field: string): string => `log:${field}`,
  setting: (name: string): string => `setting:${name}`,
};
const words = (text = ''): readonly string[] => text.split(' ').filter((word) => word !== '');
const hers = ({ PERSON, OWNER_WORKER }: SeenBy): SeenBy => ({ ...(PERSON ? { PERSON } : {}), ...(OWNER_WORKER ? { OWNER_WORKER } : {}) });
/** What nobody may see but the machine that opens it. */
const machinery = visibility.MACHINERY;

/** The row of the visibility matrix that a field is in. */
const rowFor = ({ seen, fields = {} }: LifecycleClasses, name: string): VisibilityRow => (Object.entries(fields).find(([, names]) => words(names).includes(name))?.[0] ?? seen) as VisibilityRow;

function ofLifecycle(l: Lifecycle, said: LifecycleClasses): readonly Classified[] {
  const { seen, fields: _, ...why } = said;
  const rowOf = (name: string): VisibilityRow => rowFor(said, name);
  const at = (column: string): string => pathOf.column(l.service, tableOf(l), column);
  const stateClass: DataClass = (Object.entries(states).find(([name]) => name === l.name)?.[1].dataClass) ?? 'operational';
  return [
    ...['id', 'owner', 'organisations', 'case_ref', 'version', 'created_at', 'updated_at', 'due_at'].map((column): Classified => ({ path: at(column), class: 'operational', ...why, seenBy: machinery })),
    { path: at('state'), class: stateClass, ...why, seenBy: visibility[seen] },
    // One sealed object: as strict as the strictest that can be in it.
    { path: at('sealed'), class: 'direct', ...why, basis: why.basis === 'NOT_PERSONAL' ? 'CASE_BASIS' : why.basis, seenBy: machinery },
    ...Object.entries(l.fields as Fields).map(([name, field]): Classified => ({
      path: at(isPersonal(field) ? `sealed/${name}` : columnOf(name)), class: field.class, ...why,
      seenBy: field.shown === 'nobody' ? machinery : isPersonal(field) || field.shown === 'parties' ? visibility[rowOf(name)] : hers(visibility[rowOf(name)]),
    })),
  ];
}
const ofTable = (schema: string, name: string, { seen, columns, ...why }: TableClasses): readonly Classified[] =>
  dataClasses.flatMap((c) => words(columns[c]).map((column): Classified => ({ path: pathOf.column(schema, name, column), class: c, ...why, seenBy: c === 'direct' ? machinery : visibility[seen] })));

interface Metadata { readonly target: unknown; readonly propertyName: string }
/** Every class that class-validator has seen, with its members. */
export function bodies(): ReadonlyMap<BodyClass, readonly string[]> {
  const found = new Map<BodyClass, Set<string>>();
  const { validationMetadatas } = getMetadataStorage() as unknown as { readonly validationMetadatas: ReadonlyMap<unknown, readonly Metadata[]> };
  for (const list of validationMetadatas.values()) for (const { target, propertyName } of list) if (typeof target === 'function') found.set(target as BodyClass, (found.get(target as BodyClass) ?? new Set()).add(propertyName));
  return new Map([...found].map(([body, members]) => [body, [...members]]));
}

interface BodyUse { readonly why: Pick<Handled, 'purpose' | 'basis' | 'seenBy'>; /** Of the aggregate's field of that name, where the value goes. */ readonly kept?: DataClass }
/** What each body is for: a command of an aggregate, whose field then has what was sent. */
function usesOf(definitions: readonly ServiceDefinition[]): ReadonlyMap<string, BodyUse> {
  const uses = new Map<string, BodyUse>();
  const walk = (l: Lifecycle, body: BodyClass, said: LifecycleClasses, under?: string): void => {
    for (let at: unknown = body; typeof at === 'function' && at.name !== ''; at = Object.getPrototypeOf(at)) for (const field of fieldsOf(at as BodyClass)) {
      const path = pathOf.body(at.name, field.name);
      if (uses.has(path)) continue;
      const kept = under !== undefined ? undefined : (l.fields as Fields)[field.name]?.class ?? (l.links?.[field.name] ? 'operational' : undefined);
      uses.set(path, { why: { purpose: said.purpose, basis: said.basis, seenBy: visibility[rowFor(said, under ?? field.name)] }, ...(kept ? { kept } : {}) });
      if (field.nested) walk(l, field.nested, said, under ?? field.name);
    }
  };
  for (const d of definitions) for (const l of d.lifecycles) {
    const said = d.classes?.lifecycles[l.name];
    if (said) for (const body of [...(l.rows as readonly AnyRow[]).flatMap(([, , , , , , more]) => more?.body ?? []), ...(l.editable ? [l.editable.body] : [])]) walk(l, body, said);
  }
  return uses;
}

/** The class that a member has by its own declaration, by the field that it goes to, or because a service names it. Else none. */
function ofBodies(definitions: readonly ServiceDefinition[], found: ReadonlyMap<BodyClass, readonly string[]>): readonly Classified[] {
  const named = Object.assign({}, identityBodies, ...definitions.map((d) => d.classes?.bodies ?? {})) as Readonly<Record<string, string>>;
  const uses = usesOf(definitions);
  return [...found].flatMap(([body, members]) => members.flatMap((member): Classified[] => {
    const path = pathOf.body(body.name, member);
    const declared = fieldsOf(body).find((f) => f.name === member);
    const listed = words(named[body.name]).includes(member);
    const dataClass = declared?.class ?? 'operational';
    const use = uses.get(path);
    const isKept = use?.kept !== undefined && dataClasses.indexOf(use.kept) <= dataClasses.indexOf(dataClass);
    if (!(declared?.stated || isKept || listed)) return [];
    return [{ path, class: dataClass, ...(use?.why ?? { purpose: 'OPERATION', basis: 'CASE_BASIS', seenBy: visibility.OWN_ORGANISATION }), retention: 'REQUEST' }];
  }));
}

const audienceSees = (event: Pick<ContractEvent, 'audience' | 'alsoInstance'>): SeenBy =>
  event.audience === 'network' ? { NETWORK: 'yes' } : event.audience === 'directed' ? { RECEIVER: 'own', ...(event.alsoInstance ? machinery : {}) } : machinery;
const ofEvents = (events: readonly ContractEvent[]): readonly Classified[] => events.flatMap((event) => Object.entries(event.data).flatMap(([field, schema]): Classified[] =>
  (WireSchema.is(schema) ? [{ path: pathOf.event(event.type, field), class: schema.dataClass, purpose: 'OPERATION', basis: 'CASE_BASIS', retention: event.audience === 'directed' ? 'DELIVERY' : 'QUEUE', seenBy: audienceSees(event) }] : [])));

const bus = { purpose: 'OPERATION', basis: 'NOT_PERSONAL', retention: 'QUEUE', seen: 'MACHINERY' } as const;

/** The whole register, gathered from where things are declared. */
export function register(definitions: readonly ServiceDefinition[] = services, events: readonly ContractEvent[] = contracts, found = bodies()): Classification {
  return new Classification([
    ...definitions.flatMap((d) => [
      ...d.lifecycles.flatMap((l) => { const said = d.classes?.lifecycles[l.name]; return said ? ofLifecycle(l, said) : []; }),
      ...Object.entries({ ...commonTables, ...d.classes?.tables }).flatMap(([name, said]) => ofTable(d.name, name, said)),
    ]),
    ...Object.entries(identityTables).flatMap(([name, said]) => ofTable('identity', name, said)),
    ...Object.entries(busTables).flatMap(([name, columns]) => ofTable('bus', name, table(bus, columns))),
    ...ofBodies(definitions, found),
    ...ofEvents(events),
    ...Object.entries(logFields).map(([field, c]): Classified => ({ path: pathOf.log(field), class: c, purpose: 'OPERATION', basis: 'NOT_PERSONAL', retention: 'PROCESS', seenBy: { OPERATOR: 'yes' } })),
    ...dataClasses.flatMap((c) => words(settings[c]).map((name): Classified => ({ path: pathOf.setting(name), class: c, purpose: 'OPERATION', basis: c === 'direct' ? 'LEGITIMATE_INTERESTS' : 'NOT_PERSONAL', retention: 'PROCESS', seenBy: { OPERATOR: c === 'direct' ? 'role' : 'yes' } }))),
  ]);
}

/** Fields that are sealed in one column: no catalogue of the database names them. */
export const sealedPaths = (definitions: readonly ServiceDefinition[] = services): readonly string[] =>
  definitions.flatMap((d) => d.lifecycles.flatMap((l) => Object.entries(l.fields as Fields).filter(([, f]) => isPersonal(f)).map(([name]) => pathOf.column(l.service, tableOf(l), `sealed/${name}`))));
export const bodyPaths = (found = bodies()): readonly string[] => [...new Set([...found].flatMap(([body, members]) => members.map((member) => pathOf.body(body.name, member))))];
export const eventPaths = (events: readonly ContractEvent[] = contracts): readonly string[] => events.flatMap((event) => Object.keys(event.data).map((field) => pathOf.event(event.type, field)));
