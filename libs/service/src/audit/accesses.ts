import { ConsentPurpose } from '@footbridge/contracts';
import { collectionOf, tableOf, type Lifecycle } from '@footbridge/lifecycle';
import { minute } from '../clock.js';
import { seenBy, type Engine } from '../engine.js';
import type { Principal } from '../identity/principal.js';
import { herLooks } from '../looks.js';
import { quote } from '../store.js';

/** One look at a person's data. Of who looked it names the organisation and the role, never the account; and no value, so that it is safe to carry (DP-11). */
export interface RecordedAccess {
  /** To the minute. */
  readonly at: string;
  readonly organisation: string;
  readonly role?: string;
  readonly onBehalfOf?: string;
  /** The kind of record that was looked at, and how: `reveal`, `fetchNeeds`, `disclose`, `collect`, `accessCopy`; `consents`: what she agreed to; `look`: opened in an emergency. */
  readonly about: string;
  readonly look: string;
  readonly fields: readonly string[];
  readonly purpose?: string;
  /** Where no consent was the reason: a break-glass, an override. */
  readonly ground?: string;
}
interface Row { readonly at: string; readonly organisation: string; readonly role: string | null; readonly behalf: string | null; readonly about: string; readonly command: string; readonly fields: readonly string[] | null; readonly ground: string | null; readonly purpose: string | null }

/** What a recipient fetches stands there with the consent that allowed it. */
const fetchedFor: Readonly<Record<string, string>> = { fetchNeeds: 'REFERRAL_DISCLOSURE', disclose: 'ORIGIN_OFFICE_DISCLOSURE' };
const GROUND = /^[A-Z][A-Z0-9_]*(?:[ :][A-Z0-9_]+)*$/;

/** Of a pick-up the envelope itself says it. */
const purposeOf = (l: Lifecycle): string => ('purpose' in (l.fields as object) ? 't.purpose' : 'null');
const isPurpose = (ground: string | null): ground is string => (ConsentPurpose.values as readonly string[]).includes(ground ?? '');

/**
 * Who looked at what this service keeps of a case, oldest first: from the audit, as far as the caller may see those records; for her own
 * copy (`whole`) all of it. A refused attempt names no fields, and is no look.
 */
export async function accessesOf(engine: Engine, caller: Principal, caseRef: string, whole = false): Promise<readonly RecordedAccess[]> {
  if (engine.lifecycles.length === 0) return [];
  const records = engine.lifecycles.map((l) => `select t.id, '${l.prefix}' as kind, '${collectionOf(l)}' as about, ${purposeOf(l)} as purpose from ${quote(tableOf(l))} t where t.case_ref = $1->>3 and t.owner = $1->>0 and (($1->>4)::boolean or ${seenBy(l.visible)})`).join(' union all ');
  const rows = await engine.store.readAs<Row>(caller.organisation, `select jsonb_build_object('at', a.at, 'organisation', a.organisation, 'role', a.role, 'behalf', a.on_behalf_of, 'about', r.about, 'command', a.command, 'fields', to_jsonb(a.fields), 'ground', a.ground, 'purpose', r.purpose)
    from (${records}) r join audit a on a.aggregate = r.id and a.kind = r.kind
    where a.command = any(array(select jsonb_array_elements_text($1->5))) and (cardinality(a.fields) > 0 or a.command = 'look') and a.organisation is not null
    order by a.at, a.position`, [caller.organisation, caller.subject, caller.roles, caseRef, whole, herLooks]);
  return rows.map(({ at, organisation, role, behalf, about, command, fields, ground, purpose: of }) => {
    const purpose = isPurpose(ground) ? ground : fetchedFor[command] ?? (command === 'collect' ? of ?? undefined : undefined);
    return {
      at: minute(new Date(at)), organisation, about, look: command, fields: fields ?? [],
      ...(role === null ? {} : { role }), ...(behalf === null ? {} : { onBehalfOf: behalf }), ...(purpose === undefined ? {} : { purpose }),
      ...(ground !== null && ground !== purpose && GROUND.test(ground) ? { ground } : {}),
    };
  });
}
