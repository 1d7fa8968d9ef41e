import { readFileSync } from 'node:fs';
import { newRef } from '@footbridge/privacy';
import { accountRoles } from '@footbridge/service';

interface Mapper { readonly name: string; readonly protocolMapper: string; readonly config: Readonly<Record<string, string>> }
interface Realm {
  readonly realm: string; readonly defaultSignatureAlgorithm: string; readonly registrationAllowed: boolean; readonly users?: unknown;
  readonly roles: { readonly realm: readonly { readonly name: string }[] };
  readonly clients: readonly Readonly<Record<string, unknown>>[];
  readonly clientScopes: readonly { readonly name: string; readonly protocolMappers: readonly Mapper[] }[];
  readonly components: Readonly<Record<string, readonly { readonly config: Readonly<Record<string, readonly string[]>> }[]>>;
}
interface Profile { readonly attributes: readonly { readonly name: string; readonly permissions: { readonly edit: readonly string[] }; readonly validations: { readonly pattern?: { readonly pattern: string } } }[] }

const text = readFileSync('deploy/keycloak/realm.json', 'utf8');
const realm = JSON.parse(text) as Realm;
const profile = JSON.parse(realm.components['org.keycloak.userprofile.UserProfileProvider']?.[0]?.config['kc.user.profile.config']?.[0] ?? '{}') as Profile;

describe('the realm that Keycloak imports', () => {
  it('knows exactly the roles that an account may have', () => {
    expect(realm.roles.realm.map(({ name }) => name).sort()).toEqual([...accountRoles].sort());
  });

  it('puts into a token who, of which organisation, in which roles, and for whom it is, signed with ES256', () => {
    const claims = realm.clientScopes[0]?.protocolMappers.map(({ config }) => config['claim.name'] ?? config['included.custom.audience']);
    expect(claims).toEqual(['sub', 'organisation', 'roles', 'footbridge']);
    expect(realm.defaultSignatureAlgorithm).toBe('ES256');
  });

  it('lets nobody choose their own account reference, organisation or role, and takes only what is one', () => {
    for (const [name, prefix] of [['account', 'acc'], ['organisation', 'org']] as const) {
      const attribute = profile.attributes.find((one) => one.name === name);
      expect(attribute?.permissions.edit).toEqual(['admin']);
      expect(newRef(prefix)).toMatch(new RegExp(attribute?.validations.pattern?.pattern ?? 'none'));
      expect(newRef('ref')).not.toMatch(new RegExp(attribute?.validations.pattern?.pattern ?? ''));
    }
    expect(realm.registrationAllowed).toBe(false);
  });

  it('has one client, public, with the code flow and PKCE only', () => {
    expect(realm.clients).toMatchObject([{ clientId: 'portal', publicClient: true, standardFlowEnabled: true, implicitFlowEnabled: false, directAccessGrantsEnabled: false, serviceAccountsEnabled: false, attributes: { 'pkce.code.challenge.method': 'S256' } }]);
  });

  it('holds no secret and no account', () => {
    expect(realm.users).toBeUndefined();
    expect(text).not.toMatch(/"(secret|credentials|privateKey|clientSecret|hashedSaltedValue)"/);
  });
});
