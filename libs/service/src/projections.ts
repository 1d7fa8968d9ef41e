import 'reflect-metadata';
import { Controller, Inject, type Type } from '@nestjs/common';
import { Ctx, EventPattern, Payload } from '@nestjs/microservices';
import { ConsentCategory, codesOf, events } from '@footbridge/contracts';
import type { Lifecycle, ReactionEvent } from '@footbridge/lifecycle';
import { HandlerRefusal, type EventContext, type ReceivedEvent } from '@footbridge/messaging';
import { PrivacyRefusal, isRef } from '@footbridge/privacy';
import type { PoolClient } from 'pg';
import { days, later } from './clock.js';
import { Engine } from './engine.js';
import { EXCHANGED_FOR_DAYS } from './reference-end.js';
import { Problem } from './problem.js';

export type Received = ReceivedEvent<Readonly<Record<string, unknown>>>;
type Handle = (tx: PoolClient, event: Received) => Promise<void>;
const typeOf = (name: string): string => {
  const found = Object.values(events).find((e) => e.name === name);
  if (!found) throw new Error(`no event ${name}`);
  return found.type;
};

/** A class with one `@EventPattern` method for each entry, as Nest would have it written by hand. */
export function handlersOf(name: string, handlers: readonly { readonly type: string; /** Stands in the inbox; default: the class. */ readonly handler?: string; readonly handle: (this: { engine: Engine }, event: Received, context: EventContext) => Promise<void> }[]): Type<object> {
  class EventHandlers { constructor(@Inject(Engine) readonly engine: Engine) {} }
  handlers.forEach(({ type, handle, handler }, i) => {
    const method = `on${i}`;
    Object.defineProperty(EventHandlers.prototype, method, { value: handle, writable: true, configurable: true });
    Reflect.defineMetadata('design:paramtypes', [Object, Object], EventHandlers.prototype, method);
    Payload()(EventHandlers.prototype, method, 0);
    Ctx()(EventHandlers.prototype, method, 1);
    EventPattern(type, { handler: handler ?? name })(EventHandlers.prototype, method, Object.getOwnPropertyDescriptor(EventHandlers.prototype, method) as PropertyDescriptor);
  });
  Object.defineProperty(EventHandlers, 'name', { value: name });
  Controller()(EventHandlers);
  return EventHandlers;
}

/** A small table that follows another service's events: `{ ConsentGiven: async (tx, event) => … }`. */
export const projection = (name: string, on: Readonly<Record<string, Handle>>): Type<object> =>
  handlersOf(name, Object.entries(on).map(([event, handle]) => ({ type: typeOf(event), handle: (received, context) => context.once(name, (tx) => handle(tx, received)) })));

const learn = async (tx: PoolClient, organisation: unknown, ref: unknown, kind: string, aggregate: string | undefined, purpose = ''): Promise<void> => {
  if (typeof organisation !== 'string' || !isRef(ref, kind) || !aggregate) return;
  // A name without a purpose is given once; of those with one the next takes the place of the last.
  await tx.query(`insert into reference (ref, organisation, kind, aggregate, purpose, generation)
    select $1, $2, $3, $4, $5::text, case when $5::text = '' then 1 else coalesce((select max(generation) from reference where organisation = $2 and kind = $3 and aggregate = $4 and purpose = $5), 0) + 1 end on conflict do nothing`, [ref, organisation, kind, aggregate, purpose]);
};

/** What every service knows of the others: which reference stands for what, consent, clearances, organisations, disabled accounts. */
export function sharedProjections(service: string): readonly Type<object>[] {
  const foreign = Object.values(events).filter((e) => e.service !== service);
  const has = (name: string): boolean => foreign.some((e) => e.name === name && e.audience !== 'service');
  const consent: Handle = async (tx, event) => {
    const d = event.data;
    await tx.query(`insert into known_consent (consent, case_ref, purpose, recipient, state, valid_until, categories, version) values ($1, $2, $3, $4, $5, $6, $7, $8)
      on conflict (consent) do update set state = excluded.state, valid_until = coalesce(excluded.valid_until, known_consent.valid_until), categories = case when excluded.categories = '{}' then known_consent.categories else excluded.categories end, version = excluded.version where known_consent.version < excluded.version`,
    [event.consentRef, event.caseRef, d['purpose'], d['recipient'] ?? null, d['state'], d['until'] ?? null, codesOf(ConsentCategory, d), event.version]);
    // To the owner itself a case has one name, whatever she agrees to.
    await learn(tx, d['recipient'], d['recipientCase'], 'cas', event.caseRef, d['recipient'] === event.owner ? '' : String(d['purpose']));
  };
  const pick = (handlers: Record<string, Handle>): Record<string, Handle> => Object.fromEntries(Object.entries(handlers).filter(([name]) => has(name)));
  const known = pick({
    CaseOpened: (tx, event) => learn(tx, event.owner, event.data['ownerCase'], 'cas', event.caseRef),
    ConsentGiven: consent, ConsentRenewed: consent, ConsentWithdrawn: consent, ConsentRevoked: consent, ConsentExpired: consent,
    CaseReferenceExchanged: async (tx, event) => {
      const { recipient, recipientCase, purpose = '' } = event.data;
      await tx.query(`insert into reference_end (ref, reason, at) select ref, 'EXCHANGED', $5::timestamptz from reference where organisation = $1 and kind = 'cas' and aggregate = $2 and purpose = $3 and ref <> $4 on conflict do nothing`, [recipient, event.caseRef, purpose, recipientCase, later(event.time, days(EXCHANGED_FOR_DAYS))]);
      await tx.query(`insert into reference (ref, organisation, kind, aggregate, purpose, generation) select $4, $1, 'cas', $2, $3::text, coalesce(max(generation), 0) + 1 from reference where organisation = $1 and kind = 'cas' and aggregate = $2 and purpose = $3 on conflict do nothing`, [recipient, event.caseRef, purpose, recipientCase]);
    },
    ClearanceChanged: async (tx, event) => {
      const d = event.data;
      await tx.query(`insert into known_clearance (case_ref, step, cleared, until, version) values ($1, $2, $3, $4, $5)
        on conflict (case_ref, step) do update set cleared = excluded.cleared, until = excluded.until, version = excluded.version where known_clearance.version < excluded.version`, [event.caseRef, d['step'], d['cleared'], d['until'] ?? null, d['version']]);
    },
    RestrictionChanged: async (tx, { aggregate, caseRef, data, version }) => {
      await tx.query(`insert into known_restriction (request, case_ref, restricted, version) values ($1, $2, $3, $4)
        on conflict (request) do update set restricted = excluded.restricted, version = excluded.version where known_restriction.version < excluded.version`, [aggregate, caseRef, data['restricted'], version]);
    },
    ...Object.fromEntries(['OrganisationAdded', 'OrganisationDisabled', 'OrganisationEnabled'].map((name) => [name, (async (tx, event) => {
      const d = event.data;
      await tx.query(`insert into known_organisation (organisation, type, country, active, version) values ($1, $2, $3, $4, $5)
        on conflict (organisation) do update set active = excluded.active, version = excluded.version where known_organisation.version < excluded.version`, [d['organisation'], d['organisationType'] ?? '', d['country'] ?? '', name !== 'OrganisationDisabled', event.version]);
      await tx.query(`insert into disabled (subject, version, disabled) values ($1, $2, $3) on conflict (subject) do update set version = excluded.version, disabled = excluded.disabled where disabled.version < excluded.version`, [d['organisation'], event.version, name === 'OrganisationDisabled']);
    }) satisfies Handle])),
    ...Object.fromEntries(['AccountDisabled', 'AccountEnabled'].map((name) => [name, (async (tx, event) => {
      await tx.query(`insert into disabled (subject, version, disabled) values ($1, $2, $3) on conflict (subject) do update set version = excluded.version, disabled = excluded.disabled where disabled.version < excluded.version`, [event.data['account'], event.version, name === 'AccountDisabled']);
    }) satisfies Handle])),
  });
  const references = handlersOf('References', foreign.filter((e) => e.audience === 'directed').map((e) => ({
    type: e.type,
    handle: (event, context) => context.once('References', (tx) => learn(tx, event.recipient, event.subject, event.subject?.split('_')[0] ?? '', event.aggregate)),
  })));
  return [projection('Known', known), references];
}

const refusedForGood = new Set(['transition-not-allowed', 'not-found', 'role-not-allowed']);
/** The reactions that the service's lifecycles declare, as event handlers (decisions 5). */
export function reactionsOf(lifecycles: readonly Lifecycle[]): readonly Type<object>[] {
  return lifecycles.filter((l) => l.reactions?.length).map((l) => handlersOf(`${l.name}Reactions`, (l.reactions ?? []).map((reaction, i) => ({
    type: reaction.on.type, handler: `${l.name}.${reaction.command}.${i}`,
    async handle(received: Received, context: EventContext) {
      if (received.copy !== 0) return;
      const event: ReactionEvent = received;
      const trace = received.traceparent === undefined ? {} : { trace: received.traceparent };
      const handler = `${l.name}.${reaction.command}.${i}`;
      const inbox = { t: 'inbox', op: 'insert' as const, row: context.inboxRow(handler) };
      if (reaction.when && !reaction.when(event)) return;
      try {
        if (reaction.creates) {
          const { id, owner } = reaction.creates(event);
          await this.engine.runAs({ lifecycle: l, command: reaction.command, owner, creates: { id }, body: reaction.body?.(event) ?? {}, as: reaction.as, causedBy: event.id, ...trace, alongside: [inbox] });
          return;
        }
        const where = reaction.where?.(event);
        if (!where) return;
        for (const { id, owner } of await this.engine.store.locate(l, where)) {
          // Each row has its own inbox entry, so that a stop in the middle goes on with the rest.
          const own = { ...inbox, row: context.inboxRow(`${handler}.${id}`) };
          const told = { lifecycle: l, id, owner, causedBy: event.id, ...trace, alongside: [own] };
          await (reaction.learns ? this.engine.learn({ ...told, changes: reaction.learns(event, this.engine.clock.now()) }) : this.engine.runAs({ ...told, command: reaction.command, body: reaction.body?.(event) ?? {}, as: reaction.as })).catch(settled);
        }
      } catch (error) { settled(error); }
    },
  }))));
}
/** A duplicate and a command that the state no longer allows owe nothing; a refused guard is tried again, then parked with its code. */
function settled(error: unknown): void {
  if (error instanceof PrivacyRefusal) throw new HandlerRefusal(error.code, error.code === 'KEY_STORE_UNAVAILABLE');
  const { code } = error as { code?: string };
  if (error instanceof Problem) {
    if (refusedForGood.has(error.code)) return;
    const guards = error.members['guards'] as readonly { reason: string }[] | undefined;
    throw new HandlerRefusal(guards?.[0]?.reason ?? error.code.replaceAll('-', '_').toUpperCase(), true);
  }
  throw new HandlerRefusal(typeof code === 'string' ? `DATABASE_${code}` : 'INTERNAL', true);
}
