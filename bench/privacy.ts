import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Role } from '@footbridge/contracts';
import { KnownIdentities, codeList, createGate, defineDisclosure, figure, label, newRef, newSubjectKey, openFields, sealFields, structured, wire, type DocumentDef, type EventDef, type Scanner } from '@footbridge/privacy';
import { canaryPerson } from '@footbridge/privacy/testing';
import { Authorisation, corridor, type Decision, type Question } from '@footbridge/service';
import { referralsService } from '@footbridge/referrals';
import { rounds, type Rate, type Result } from './rounds.js';

/** 14 bytes, as most names and numbers are. */
const VALUE = 'Example-Person';
const PADDED = 256;
/** Times as long as by hand, at most. */
const GOAL = 1.5;

function rate(count: number, act: () => void): Promise<Rate> {
  const before = process.hrtime.bigint();
  for (let n = 0; n < count; n += 1) act();
  return Promise.resolve({ perSecond: count / (Number(process.hrtime.bigint() - before) / 1e9) });
}
const microseconds = async (count: number, act: () => void): Promise<number> => {
  await rate(Math.ceil(count / 10), act);
  return Math.round(1e9 / (await rate(count, act)).perSecond) / 1000;
};

const inverse = (n: number): number => (n === 0 ? 0 : Math.round(1000 / n) / 1000);

/** The same by hand: AES-256-GCM over a padded plaintext, with a random IV and the place as associated data. */
function byHand(key: Buffer): () => void {
  const aad = Buffer.from('org|case|1', 'utf8');
  return () => {
    const iv = randomBytes(12);
    const plain = Buffer.alloc(PADDED);
    const size = plain.write(JSON.stringify({ name: VALUE }), 4, 'utf8');
    plain.writeUInt32BE(size);
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    cipher.setAAD(aad);
    const sealed = Buffer.concat([Buffer.from([1]), iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(1, 13));
    decipher.setAAD(aad);
    decipher.setAuthTag(sealed.subarray(sealed.length - 16));
    const opened = Buffer.concat([decipher.update(sealed.subarray(13, sealed.length - 16)), decipher.final()]);
    const { name } = JSON.parse(opened.toString('utf8', 4, 4 + opened.readUInt32BE())) as { name: string };
    if (name !== VALUE) throw new Error('not what was sealed');
  };
}
function byTheLibrary(key: Buffer): () => void {
  const place = { organisation: 'org', table: 'case', row: '1' };
  return () => {
    const { name } = openFields(key, sealFields(key, { name: label('direct', VALUE) }, place), { name: 'direct' }, place);
    if (name?.test((value) => value === VALUE) !== true) throw new Error('not what was sealed');
  };
}

const State = codeList('State', ['sent', 'accepted']);
const sent: EventDef = { type: 'footbridge.referrals.referral-sent.v1', service: 'referrals', name: 'ReferralSent', audience: 'directed', data: { referral: wire.ref('rfr'), state: wire.code(State), version: wire.version, from: wire.ref('org'), to: wire.ref('org'), dueAt: wire.instant } };
const table: DocumentDef = { name: 'statistics', readership: 'public', head: { period: wire.period }, columns: { state: wire.code(State), count: figure.integer(0, 9_999) } };

const needs = defineDisclosure({ name: 'needs', members: { reason: { class: 'special', categories: ['NEEDS'], words: true } } });

/** A worker's look at a case, under the policies of this checkout: decided anew on policies that are parsed already, and from memory. */
async function cedar(count: number): Promise<{ readonly uncached: { readonly microseconds: number }; readonly cached: { readonly microseconds: number }; readonly held: number }> {
  const authorisation = new Authorisation({ service: referralsService.name, lifecycles: referralsService.lifecycles });
  const look: Question = { action: 'Case.reveal', roles: ['CASE_WORKER'], organisation: 'NGO', own: true, party: true, ofCase: true, assigned: true, fields: ['person'], purpose: 'ASSISTANCE', consentLive: true, signedInLately: true };
  const allowed = ({ allowed: is }: Decision): void => { if (!is) throw new Error('a worker may not look at her case'); };
  // as many as a service has of roles and circumstances, so that memory is no empty one
  for (const action of authorisation.actions.keys()) for (const role of Role.values) authorisation.decide({ ...look, action, roles: [role] });
  return { uncached: { microseconds: await microseconds(count, () => { allowed(authorisation.ask(look)); }) }, cached: { microseconds: await microseconds(count * 10, () => { allowed(authorisation.decide(look)); }) }, held: authorisation.held };
}

/** Design 9.1: seal and open of one field against node:crypto, what the gate costs an event, and a policy a decision. */
export async function privacy(quick: boolean): Promise<Result> {
  const key = newSubjectKey();
  const [ours, reference] = [byTheLibrary(key), byHand(key)];
  const count = quick ? 4_000 : 20_000;
  for (const warm of [ours, reference]) await rate(count, warm);
  const fields = await rounds('privacy', quick ? 7 : 15, () => rate(count, reference), () => rate(count, ours));
  const payload = { referral: newRef('rfr'), state: 'sent', version: 2, from: newRef('org'), to: newRef('org'), dueAt: '2026-11-25T03:06:00Z' };
  const metadata = { topic: 'footbridge.referrals', key: '7b2c9a52-5f0e-4c8b-9b1c-8f3f3c1f9a10' };
  const [bare, gate] = [createGate(), createGate({ scanners: [structured({ countries: corridor })] })];
  const rows = Array.from({ length: 100 }, (_, n) => ({ state: 'sent', count: n }));
  const document = { head: { period: '2026-Q4' }, rows } as Parameters<typeof gate.document>[1];
  const n = quick ? 10_000 : 50_000;
  const seal = { microseconds: Math.round(1e9 / Number(fields.ours['perSecond'] || 1)) / 1000, byHand: Math.round(1e9 / Number(fields.reference['perSecond'] || 1)) / 1000, timesByHand: inverse(fields.ratio), goal: GOAL };
  // a house that helps two thousand people, and a page of words about one of them
  const house = new KnownIdentities(key);
  for (let of = 0; of < 2_000; of += 1) { const { givenName, familyName } = canaryPerson(of); house.know(String(of), label('direct', { givenName, familyName }), false); }
  const said = label('special', { reason: 'She asks for a quiet room and somebody who speaks her language. '.repeat(16) });
  const told = (known: readonly Scanner[]): void => { gate.disclosable(needs, { recipient: payload.to, purpose: 'REFERRAL_DISCLOSURE', categories: ['NEEDS'] }, said, { recipient: payload.to }, known); };
  return {
    ...fields, ...(seal.timesByHand > GOAL ? { misses: ['sealAndOpen'] } : {}),
    // how many times as long as by hand: less is better here
    ratio: inverse(fields.ratio), min: inverse(fields.max), max: inverse(fields.min),
    ours: {
      ...fields.ours, sealAndOpen: seal,
      gate: {
        microsecondsPerEvent: await microseconds(n, () => { gate.encode(sent, payload, metadata); }), withoutScanners: await microseconds(n, () => { bare.encode(sent, payload, metadata); }),
        microsecondsPerPage: await microseconds(n / 100, () => { told([]); }), microsecondsPerPageWithNames: await microseconds(n / 100, () => { told([house]); }),
        microsecondsPerTableOf100: await microseconds(n / 100, () => { gate.document(table, document, {}); }),
      },
      cedar: await cedar(quick ? 500 : 5_000),
    },
  };
}
