import type { Acting, Read } from '@footbridge/lifecycle';
import { ConsentRecord } from '../consent-record/consent-record.lifecycle.js';
import type { ConsentRow } from '../consent-record/consent-record.entity.js';
import { givenByGuardian, inForce } from '../consent-record/in-force.js';
import { genuineOf } from '../consent-record/signed.js';
import type { GuardianRow } from '../guardian-appointment/guardian-appointment.entity.js';
import { GuardianAppointment } from '../guardian-appointment/guardian-appointment.lifecycle.js';
import type { CaseRow } from './case.entity.js';
import type { CaseContext, Standing } from './case-rules.js';
import { Case } from './case.lifecycle.js';
import { isChildNow } from './minority.js';

const speaks: readonly string[] = ['interim', 'appointed'];
const supervises = (caller: Acting): boolean => caller.roles.includes('SUPERVISOR') || caller.roles.includes('DPO');

function standingOf(row: CaseRow, consents: readonly ConsentRow[], caller: Acting): Standing {
  if (caller.subject === 'platform' || caller.role === 'PLATFORM') return 'platform';
  if (caller.organisation === row.owner) return row.assignees?.includes(caller.subject) ? 'assigned' : supervises(caller) ? 'supervision' : 'colleague';
  if (consents.some((c) => c.recipient === caller.organisation)) return 'recipient';
  return caller.organisation === row.openedBy || caller.organisation === row.broughtBy ? 'opener' : 'stranger';
}

/** A case belongs to its owner, whoever asks for something in it: so it is read as the owner. */
export async function ownersRead(read: Read, caseId: string): Promise<{ readonly row: CaseRow; readonly read: Read } | undefined> {
  const own = await read.one(Case, { id: caseId });
  if (own) return { row: own, read };
  const [at] = await read.sql<{ owner: string }>(`select to_jsonb(l) from locate('case', jsonb_build_object('id', $1->>0)) l`, [caseId]);
  if (!at) return undefined;
  const theirs = read.as(at.owner);
  const row = await theirs.one(Case, { id: caseId });
  return row && { row, read: theirs };
}

/** A guardian's consent is of the one who speaks for her now, given since: with whoever was put aside, what that person agreed to is put aside (M4), and the next one is asked. */
export const givenBySpeaking = (c: Pick<ConsentRow, 'givenBy' | 'givenAt' | 'guardianAppointmentId'>, guardian: Pick<GuardianRow, 'id' | 'startedAt'> | undefined): boolean =>
  !givenByGuardian(c) || (guardian?.startedAt !== undefined && c.guardianAppointmentId === guardian.id && c.givenAt !== undefined && Date.parse(c.givenAt) >= Date.parse(guardian.startedAt));

/** `disclosing` where consents count. Before that an adult's own helper needs neither consents nor guardians. */
export async function caseContext(read: Read, caseId: string | undefined, caller: Acting, now: Date, disclosing = true): Promise<(CaseContext & { readonly read: Read }) | undefined> {
  if (caseId === undefined) return undefined;
  const around = (as: Read) => Promise.all([as.many(GuardianAppointment, { caseId }), as.many(ConsentRecord, { caseId, state: ['given', 'renewed'] })]);
  // Mostly the owner asks: then everything comes in one round trip.
  const [found, own] = await Promise.all([ownersRead(read, caseId), disclosing ? around(read) : undefined]);
  if (!found) return undefined;
  const isNeeded = disclosing || caller.organisation !== found.row.owner || isChildNow(found.row, now);
  const [guardians, records] = !isNeeded ? [[], []] : own && found.read === read ? own : await around(found.read);
  const grownUp = guardians.some((g) => g.state === 'ended' && g.endReason?.test((reason) => reason === 'MAJORITY'));
  const isChild = !grownUp && isChildNow(found.row, now);
  const guardian = guardians.find((g) => speaks.includes(g.state));
  const agreed = await genuineOf(found.read, records.filter((c) => inForce(c, isChild, now) && givenBySpeaking(c, guardian)));
  return { case: found.row, standing: standingOf(found.row, agreed, caller), isChild, consents: found.row.restrictedAt ? [] : agreed, agreed, read: found.read, ...(guardian ? { guardian } : {}) };
}
