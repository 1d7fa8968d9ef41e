import { minimumDataset, type ConsentCategory } from '@footbridge/contracts';
import type { Facts, Read } from '@footbridge/lifecycle';
import { caseContext } from '../case/case-context.js';
import { inCase, type InCase } from '../case/case-rules.js';
import { organisationOf, type KnownOrganisation } from '../case/owner.js';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import { Recall } from '../recall/recall.lifecycle.js';
import { Hold } from '../hold/hold.lifecycle.js';
import type { HoldRow } from '../hold/hold.entity.js';
import { RiskAssessment } from '../risk-assessment/risk-assessment.lifecycle.js';
import type { RiskRow } from '../risk-assessment/risk-assessment.entity.js';
import { agreementSql, type KnownAgreement } from './agreement.js';
import type { ReferralRow } from './referral.entity.js';
import { Referral } from './referral.lifecycle.js';

export interface KnownPartner { readonly organisation: string; readonly state: string; readonly services: readonly string[]; readonly profiles: readonly string[] }

export interface ReferralFacts extends Facts<ReferralRow>, InCase {
  /** The REFERRAL_DISCLOSURE consents that name this receiver, in force now. */
  readonly consents?: readonly ConsentRow[];
  readonly risks?: readonly RiskRow[];
  readonly holds?: readonly HoldRow[];
  readonly receiverKnown?: KnownOrganisation;
  readonly ownerKnown?: KnownOrganisation;
  readonly referrerKnown?: KnownOrganisation;
  readonly partner?: KnownPartner;
  /** From the owner to the receiver, on this day. */
  readonly agreement?: KnownAgreement;
  /** Another open referral of this case for the same service to the same receiver. */
  readonly hasTwin?: boolean;
  readonly bedIsHeld?: boolean;
  readonly escalated?: boolean;
  readonly isReplaced?: boolean;
  /** The receiver was asked already to delete what it got. */
  readonly isRecalled?: boolean;
  /** How often its details were fetched. */
  readonly fetched?: number;
  readonly consentNeeded?: { readonly recipient: string | undefined; readonly purpose: 'REFERRAL_DISCLOSURE'; readonly categories: readonly ConsentCategory[] };
}

export const isOpenReferral: readonly string[] = ['sent', 'acknowledged', 'accepted', 'in_service', 'suspended'];

interface Known { readonly partner: KnownPartner | null; readonly agreement: KnownAgreement | null }

const needs = (command: string | undefined, ...commands: readonly string[]): boolean => command === undefined || commands.includes(command);

/** Each command loads what its own guards ask, a view everything. */
export async function referralFacts(read: Read, { row, caller, command }: Facts<ReferralRow>, now: Date): Promise<Omit<ReferralFacts, keyof Facts<ReferralRow>> & { isChild?: boolean }> {
  const [context, receiverKnown] = await Promise.all([
    needs(command, 'draftReferral', 'send', 'resume', 'withdraw') ? caseContext(read, row.caseId, caller, now, command !== 'draftReferral') : undefined,
    needs(command, 'draftReferral', 'send', 'resume') ? organisationOf(read, row.receiver) : undefined,
  ]);
  const theirs = context?.read ?? read;
  const owner = context?.case.owner ?? row.owner;
  const today = now.toISOString().slice(0, 10);
  const [known, beds, escalations, replacements, recalls, fetches, twins, risks, holds, ownerKnown, referrerKnown] = await Promise.all([
    needs(command, 'send', 'accept') ? theirs.sql<Known>(`
      select jsonb_build_object('partner', (select to_jsonb(p) from known_partner p where p.organisation = $1->>0),
        'agreement', ${agreementSql('$1->>1', '$1->>0', '$1->>2')})`, [row.receiver, owner, today]) : [],
    needs(command, 'accept') ? theirs.sql<{ n: number }>(`select jsonb_build_object('n', count(*)) from known_bed b where b.referral = ($1->>0)::uuid and b.state = 'held'`, [row.id]) : [],
    needs(command, 'expire') ? theirs.sql<{ n: number }>(`select jsonb_build_object('n', count(*)) from alert a where a.aggregate = ($1->>0)::uuid and a.clock = 'escalation'`, [row.id]) : [],
    needs(command, 'closeLoop') ? theirs.many(Referral, { replacesReferral: row.id }) : [],
    needs(command, 'closeLoop') && row.consentId ? theirs.many(Recall, { consentId: row.consentId }) : [],
    needs(command, 'edit', 'closeLoop') ? theirs.sql<{ n: number }>(`select jsonb_build_object('n', count(*)) from disclosure d where d.referral_id = ($1->>0)::uuid`, [row.id]) : [],
    needs(command, 'send') ? theirs.many(Referral, { caseId: row.caseId, receiver: row.receiver, serviceType: row.serviceType, state: isOpenReferral }) : [],
    needs(command, 'send') ? theirs.many(RiskAssessment, { caseId: row.caseId, state: ['completed', 'expired'] }) : [],
    needs(command, 'send', 'resume') ? theirs.many(Hold, { caseId: row.caseId, state: ['placed'] }) : [],
    needs(command, 'send', 'resume') ? organisationOf(read, owner) : undefined,
    needs(command, 'draftReferral') ? organisationOf(read, caller.organisation === owner ? row.referrer : caller.organisation) : undefined,
  ]);
  const wanted = row.fieldsDisclosed?.length ? row.fieldsDisclosed : row.serviceType ? minimumDataset[row.serviceType] : [];
  return {
    ...inCase(context), ...(context ? { consents: context.consents.filter((c) => c.purpose === 'REFERRAL_DISCLOSURE' && c.recipient === row.receiver) } : {}),
    ...(known[0]?.partner ? { partner: known[0].partner } : {}), ...(known[0]?.agreement ? { agreement: known[0].agreement } : {}),
    ...(receiverKnown ? { receiverKnown } : {}), ...(ownerKnown ? { ownerKnown } : {}), ...(referrerKnown ? { referrerKnown } : {}),
    bedIsHeld: (beds[0]?.n ?? 0) > 0, escalated: (escalations[0]?.n ?? 0) > 0, isReplaced: replacements.length > 0, isRecalled: recalls.length > 0, fetched: fetches[0]?.n ?? 0,
    hasTwin: twins.some((t) => t.id !== row.id), risks, holds,
    consentNeeded: { recipient: row.receiver, purpose: 'REFERRAL_DISCLOSURE', categories: wanted },
  };
}
