import { ConsentPurpose } from '@footbridge/contracts';
import { collectionOf, tableOf } from '@footbridge/lifecycle';
import { seenBy, type Engine } from '../engine.js';
import type { Principal } from '../identity/principal.js';
import { quote } from '../store.js';

/** One look at a person's data. Of who looked it names the organisation and the role, never the account; and no value, so that it is safe to carry (DP-11). */
export interface RecordedAccess {
  /** To the minute. */
  readonly at: string;
  readonly organisation: string;
  readonly role?: string;
  readonly onBehalfOf?: string;
  /** The kind of record that was looked at, and how: `reveal`, `fetchNeeds`, `disclose`. */
  readonly about: string;
  readonly look: string;
  readonly fields: readonly string[];
  readonly purpose?: string;
  /** Where no consent was the reason: a break-glass, an override. */
  readonly ground?: string;
}
interface Row { readonly at: string; readonly organisation: string; readonly role: string | null; readonly behalf: string | null; readonly about: string; readonly command: string; readonly fields: readonly string[]; readonly ground: string | null }

/** What a recipient fetches stands there with the consent that allowed it. */
const fetchedFor: Readonly<Record<string, string>> = { fetchNeeds: 'REFERRAL_DISCLOSURE', disclose: 'ORIGIN_OFFICE_DISCLOSURE' };
const GROUND = /^[A-Z][A-Z0-9_]*(?:[ :][A-Z0-9_]+)*$/;

/**
 * Who looked at what this service keeps of a case, oldest first: from the audit, as far as the caller may see those records. A look is an
 * entry that names fields and changed nothing: its version is one that an earlier entry had made.
 */
export async function accessesOf(engine: Engine, caller: Principal, caseRef: string): Promise<readonly RecordedAccess[]> {
  if (engine.lifecycles.length === 0) return [];
  const records = engine.lifecycles.map((l) => `select t.id, '${l.prefix}' as kind, '${collectionOf(l)}' as about from ${quote(tableOf(l))} t where t.case_ref = $1->>3 and t.owner = $1->>0 and ${seenBy(l.visible)}`).join(' union all ');
  const rows = await engine.store.readAs<Row>(caller.organisation, `select jsonb_build_object('at', a.at, 'organisation', a.organisation, 'role', a.role, 'behalf', a.on_behalf_of, 'about', r.about, 'command', a.command, 'fields', to_jsonb(a.fields), 'ground', a.ground)
    from (${records}) r join audit a on a.aggregate = r.id and a.kind = r.kind
    where cardinality(a.fields) > 0 and a.from_state = a.to_state and a.organisation is not null
      and exists (select 1 from audit b where b.aggregate = a.aggregate and b.kind = a.kind and b.version = a.version and b.position < a.position)
    order by a.at, a.position`, [caller.organisation, caller.subject, caller.roles, caseRef]);
  return rows.map(({ at, organisation, role, behalf, about, command, fields, ground }) => {
    const purpose = ground !== null && (ConsentPurpose.values as readonly string[]).includes(ground) ? ground : fetchedFor[command];
    return {
      at: `${new Date(at).toISOString().slice(0, 16)}:00Z`, organisation, about, look: command, fields,
      ...(role === null ? {} : { role }), ...(behalf === null ? {} : { onBehalfOf: behalf }), ...(purpose === undefined ? {} : { purpose }),
      ...(ground !== null && ground !== purpose && GROUND.test(ground) ? { ground } : {}),
    };
  });
}
