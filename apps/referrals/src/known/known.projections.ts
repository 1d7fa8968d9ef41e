import { CaseAnonymised, ConsentCategory, ServiceProfile, ServiceType, codesOf } from '@footbridge/contracts';
import { handlersOf, projection } from '@footbridge/service';

type Handle = Parameters<typeof projection>[1][string];

const partner: Handle = async (tx, { data, version }) => {
  // Suspended and terminated tell nothing of services: what was listed stays.
  const listed = data['country'] !== undefined;
  await tx.query(`insert into known_partner (organisation, state, services, profiles, version) values ($1, $2, $3, $4, $5)
    on conflict (organisation) do update set state = excluded.state, services = case when $6 then excluded.services else known_partner.services end,
      profiles = case when $6 then excluded.profiles else known_partner.profiles end, version = excluded.version where known_partner.version < excluded.version`,
  [data['organisation'], data['state'], codesOf(ServiceType, data), codesOf(ServiceProfile, data), version, listed]);
};

/** Members of the network, what they offer, and what may go from whom to whom (SG3). */
export const KnownPartners = projection('KnownPartners', {
  PartnerActivated: partner, PartnerServicesChanged: partner, PartnerSuspended: partner, PartnerTerminated: partner,
  AgreementSigned: async (tx, { data, aggregate, version }) => {
    await tx.query(`insert into known_agreement (agreement, from_organisation, to_organisation, categories, until, ended, version) values ($1, $2, $3, $4, $5, false, $6)
      on conflict (agreement) do update set categories = excluded.categories, until = excluded.until, ended = false, version = excluded.version where known_agreement.version < excluded.version`,
    [aggregate, data['from'], data['to'], codesOf(ConsentCategory, data), data['until'], version]);
  },
  AgreementEnded: async (tx, { data, aggregate, version }) => {
    await tx.query(`insert into known_agreement (agreement, from_organisation, to_organisation, categories, until, ended, version) values ($1, $2, $3, '{}', 'epoch', true, $4)
      on conflict (agreement) do update set ended = true, version = excluded.version where known_agreement.version < excluded.version`, [aggregate, data['from'], data['to'], version]);
  },
});

const bed: Handle = async (tx, { data, aggregate, about, version }) => {
  if (about === undefined) return;
  await tx.query(`insert into known_bed (bed, referral, state, version) values ($1, $2, $3, $4)
    on conflict (bed) do update set referral = excluded.referral, state = excluded.state, version = excluded.version where known_bed.version < excluded.version`, [aggregate, about, data['state'], version]);
};
/** Whether a bed is held for a referral: each event says for which, by `about`. */
export const KnownBeds = projection('KnownBeds', { BedHeld: bed, BedRefused: bed, BedReleased: bed, BedHoldLapsed: bed });

const shelter: Handle = async (tx, { data, aggregate, version }) => {
  await tx.query(`insert into known_shelter (shelter, id, organisation, state, version) values ($1, $2, $3, $4, $5)
    on conflict (shelter) do update set state = excluded.state, version = excluded.version where known_shelter.version < excluded.version`, [data['shelter'], aggregate, data['organisation'], data['state'], version]);
};
/** Whose shelter it is, so that an intake to a foreign one is refused at once (decisions 24). */
export const KnownShelters = projection('KnownShelters', { ShelterRegistered: shelter, ShelterSuspended: shelter });

const services = ['shelters', 'returns', 'reintegration', 'notifications'] as const;
const erasedBy = (service: string): Handle => async (tx, { caseRef, aggregate, time }) => {
  if (caseRef === undefined) return;
  // One after the other: two that come at once would each count without the other, and nobody would see that all have.
  await tx.query(`select from deadline where aggregate = $1 and clock = 'erasure' for update`, [aggregate]);
  await tx.query('insert into erased (case_ref, service, at) values ($1, $2, $3) on conflict do nothing', [caseRef, service, time]);
  // Complete: nobody is called any more, and who was called already is not waiting.
  await tx.query(`delete from deadline where aggregate = $1 and clock = 'erasure' and (select count(*) from erased where case_ref = $2) = $3`, [aggregate, caseRef, services.length]);
};
/** Who has destroyed the key of an erased case; this service does so in the transaction that erases (decisions 9). */
export const Erased = projection('Erased', { CaseErasedByShelters: erasedBy('shelters'), CaseErasedByReturns: erasedBy('returns'), CaseErasedByReintegration: erasedBy('reintegration'), CaseErasedByNotifications: erasedBy('notifications') });

/** With the key of the case everything sealed under it is unreadable, here and in every backup (DP-9): from memory it goes too. */
export const Forgotten = handlersOf('Forgotten', [{ type: CaseAnonymised.type, handle({ caseRef }) { if (caseRef) this.engine.store.forget(caseRef); this.engine.store.keys.onNews(); return Promise.resolve(); } }]);
