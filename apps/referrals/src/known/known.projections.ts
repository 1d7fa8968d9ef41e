import { ConsentCategory, ServiceProfile, ServiceType, codesOf } from '@footbridge/contracts';
import { projection } from '@footbridge/service';
import { randomUUID } from 'node:crypto';

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

/** A partner that its webhook did not reach is called (reference 2.5.1). */
export const UnreachedReceivers = projection('UnreachedReceivers', {
  DeliveryDeadLettered: async (tx, { about }) => {
    if (about === undefined) return;
    const { rows: [at] } = await tx.query<{ owner: string }>(`select owner from locate('referral', jsonb_build_object('id', $1::text))`, [about]);
    if (at) await tx.query(`insert into alert (id, organisation, code, kind, aggregate, clock, raised_at) values ($1, $2, 'RECEIVER_NOT_REACHED', 'rfr', $3, 'delivery', date_trunc('minute', now())) on conflict do nothing`, [randomUUID(), at.owner, about]);
  },
});

/** Erasure: with the key of the case everything sealed under it is unreadable, here and in every backup (DP-9). */
export const Erasure = projection('Erasure', {
  CaseAnonymised: async (tx, { caseRef }) => { await tx.query('delete from subject_key where subject = $1', [caseRef]); },
});
