import { newRef } from '@footbridge/privacy';
import type { Cell } from './cell.js';
import { Columns } from './columns.js';
import { parseMapping } from './mapping.js';
import { type ReadRow, readRow } from './row.js';

const now = Date.parse('2026-11-24T03:06:00Z');
const shelter = newRef('shl');
const mapping = (json: object = { columns: {}, missing: [] }) => parseMapping(Buffer.from(JSON.stringify(json)), 'map.json');
const read = (row: Readonly<Record<string, Cell>>, map?: object): ReadRow => readRow({ number: 2, names: Object.keys(row), cells: Object.values(row) }, new Columns(mapping(map)), now);
const body = (row: Readonly<Record<string, Cell>>, map?: object): unknown => {
  const ready = read(row, map);
  if (ready === 'blank' || 'refusals' in ready) throw new Error(JSON.stringify(ready));
  return ready.body;
};
const reasons = (row: Readonly<Record<string, Cell>>, map?: object): unknown => {
  const refused = read(row, map);
  return refused !== 'blank' && 'refusals' in refused ? refused.refusals.map(({ columns, code }) => [...columns, code]) : refused;
};

describe('a row becomes', () => {
  it('a case, where it names no shelter', () => {
    const row = { prs_FirstName: 'Arta', prs_MiddleName: 'B.', prs_SecondName: 'Example', prs_Birthdate: '2010-02-01', prs_Gender: 'Feminine', prs_Citizenship: 'ALB;XK'.replace(';XK', ''), prs_PrimaryLanguage: 'alb', prs_SecondaryLanguage: 'eng', prs_MobilePhone: '+355 69 123 4567', prs_NumberOfChildren: '1' };
    expect(read(row)).toMatchObject({ path: '/v1/cases' });
    expect(body(row)).toEqual({
      purpose: 'ASSISTANCE',
      person: { givenName: 'Arta B.', familyName: 'Example', birthDate: '2010-02-01', gender: 'Feminine', citizenships: ['AL'], languages: ['sq', 'en'], childrenCount: 1, phone: '+355691234567' },
    });
  });
  it('an intake, where it names a shelter', () => {
    const row = { shelter, arrivedAt: '2026-11-24T03:00:00Z', 'source.kind': 'POLICE', unaccompanied: 'yes', 'person.safeContact.leaveMessage': 'no', needs: 'shelter, health', ageBelief: 'unsure' };
    expect(read(row)).toMatchObject({ path: '/v1/intakes' });
    expect(body(row)).toEqual({ shelter, arrivedAt: '2026-11-24T03:00:00Z', source: { kind: 'POLICE' }, person: { safeContact: { leaveMessage: false } }, needs: ['shelter', 'health'], unaccompanied: true, ageBelief: 'unsure' });
  });
  it('an intake that lacks the arrival, or a case with parts of an intake, never', () => {
    expect(reasons({ shelter, prs_FirstName: 'Arta' })).toEqual([['NEEDS_ARRIVAL']]);
    expect(reasons({ arrivedAt: '2026-11-24T03:00:00Z', prs_FirstName: 'Arta' })).toEqual([['arrivedAt', 'NEEDS_SHELTER']]);
    expect(reasons({ shelter, arrivedAt: '2026-11-24', openedAt: '2026-11-20' })).toEqual([['openedAt', 'NOT_IN_INTAKE']]);
    expect(reasons({ shelter: 'shl_abc', arrivedAt: '2026-11-24' })).toEqual([['shelter', 'REFERENCE_NOT_READ']]);
  });
  it('a case with what a cell wraps over lines, told in lines only where a field has room for them', () => {
    expect(body({ prs_FirstName: 'Arta\r\nBesa', 'health.conditions': 'one\r\n\ttwo', unaccompanied: 'no' })).toEqual({ purpose: 'ASSISTANCE', person: { givenName: 'Arta Besa' }, unaccompanied: false, health: { conditions: 'one\n\ttwo' } });
  });
  it('nothing, where it is empty', () => {
    expect(read({ prs_FirstName: ' ', prs_SecondName: '' })).toBe('blank');
    expect(reasons({ prs_FirstName: '', unknown: 'something' })).toEqual([['NOTHING_TO_IMPORT']]);
  });
});

describe('a refusal', () => {
  it('names the column and the reason, and never what stands in the cell', () => {
    const refused = read({ prs_FirstName: 'Unmistakable', prs_Birthdate: '2010-02-31', prs_Gender: 'Zzyzx', prs_Citizenship: 'Nowhereland', prs_MobilePhone: 'Callme', prs_NumberOfChildren: 'Plenty' });
    expect(reasons({ prs_Birthdate: '2010-02-31', prs_Gender: 'F', prs_Citizenship: 'Nowhere', prs_PrimaryLanguage: 'qq', prs_MobilePhone: 'x', prs_NumberOfChildren: '-1' })).toEqual([
      ['prs_Birthdate', 'DATE_DOES_NOT_EXIST'], ['prs_Gender', 'CODE_NOT_KNOWN'], ['prs_Citizenship', 'COUNTRY_NOT_KNOWN'], ['prs_PrimaryLanguage', 'LANGUAGE_NOT_KNOWN'],
      ['prs_MobilePhone', 'PHONE_NOT_READ'], ['prs_NumberOfChildren', 'NUMBER_OUT_OF_RANGE'],
    ]);
    expect(JSON.stringify(refused)).not.toMatch(/Unmistakable|02-31|Zzyzx|Nowhereland|Callme|Plenty/);
  });
  it('meets letters that deceive or were lost', () => {
    expect(reasons({ prs_FirstName: 'Ar\u202eta' })).toEqual([['prs_FirstName', 'CHARACTER_NOT_ALLOWED']]);
    expect(reasons({ prs_FirstName: 'Ar\u0000ta' })).toEqual([['prs_FirstName', 'CHARACTER_NOT_ALLOWED']]);
    expect(reasons({ prs_FirstName: 'Ar\ufffdta' })).toEqual([['prs_FirstName', 'CHARACTER_LOST']]);
    expect(reasons({ prs_FirstName: 'Ar\ud800ta' })).toEqual([['prs_FirstName', 'CHARACTER_LOST']]);
    expect(reasons({ prs_FirstName: 'a'.repeat(201) })).toEqual([['prs_FirstName', 'TEXT_TOO_LONG']]);
  });
  it('meets cells that hold no value', () => {
    expect(reasons({ prs_FirstName: 'Arta', prs_Gender: { unreadable: 'SPREADSHEET_ERROR' } })).toEqual([['prs_Gender', 'SPREADSHEET_ERROR']]);
    expect(reasons({ 'person.givenName': ['Arta', 'Besa'] })).toEqual([['person.givenName', 'ONE_VALUE_ONLY']]);
  });
  it('meets a row whose cells may stand in the wrong columns', () => {
    expect(readRow({ number: 2, names: ['prs_FirstName', 'prs_SecondName'], cells: ['Arta'] }, new Columns(mapping()), now)).toMatchObject({ refusals: [{ code: 'WRONG_NUMBER_OF_CELLS' }] });
  });
  it('meets a case that is closed where it comes from', () => {
    expect(reasons({ prs_FirstName: 'Arta', cas_Status: 'ClosedReferred' })).toEqual([['cas_Status', 'CASE_IS_CLOSED']]);
    expect(reasons({ 'person.givenName': 'Arta', state: 'closed' })).toEqual([['state', 'CASE_IS_CLOSED']]);
    expect(body({ prs_FirstName: 'Arta', cas_Status: 'FollowUp' })).toEqual({ purpose: 'ASSISTANCE', person: { givenName: 'Arta' } });
    expect(body({ prs_FirstName: 'Arta', cas_Status: 'Closed' }, { columns: { cas_Status: null } })).toEqual({ purpose: 'ASSISTANCE', person: { givenName: 'Arta' } });
  });
});

describe('the names of HTCDS 2.0', () => {
  it('bring their lists and codes, and its one misspelling', () => {
    expect(body({ vic_TypeOfExploitation: 'ForcedLabour;SexualExploitation', vic_MethodsOfControl: 'Debt Bondage | physical_abuse', vic_RelationshipToTrafficker: 'Unaquainted', vic_TraffickingStatus: 'PossibleVictimOfTrafficking', vic_ForcedLabourIndustry: 'F_Construction' })).toEqual({
      purpose: 'ASSISTANCE',
      trafficking: { status: 'PossibleVictimOfTrafficking', typesOfExploitation: ['ForcedLabour', 'SexualExploitation'], methodsOfControl: ['DebtBondage', 'PhysicalAbuse'], industry: ['F_Construction'], relationshipToTrafficker: 'Unacquainted' },
    });
  });
  it('are known in any case', () => {
    expect(body({ PRS_FIRSTNAME: 'Arta' })).toEqual({ purpose: 'ASSISTANCE', person: { givenName: 'Arta' } });
  });
});

describe('the names of CTDC', () => {
  it('before 2024, with two-letter countries and -99 for missing', () => {
    expect(body({ yearOfRegistration: '2010', gender: 'Female', ageBroad: '18--20', majorityStatus: 'Adult', citizenship: 'MD', meansOfControlDebtBondage: '1', meansOfControlThreats: '-99', meansOfControlUsesChildren: '1', isForcedLabour: '0', isSexAndLabour: '1', typeOfLabourBegging: '1', CountryOfExploitation: '00', RecruiterRelationship: 'Friend' })).toEqual({
      purpose: 'ASSISTANCE', openedAt: '2010-01-01T00:00:00Z', person: { ageBand: '18-20', gender: 'Feminine', citizenships: ['MD'] }, ageBelief: 'adult',
      trafficking: { typesOfExploitation: ['ForcedLabour', 'SexualExploitation', 'ForcedBegging'], methodsOfControl: ['DebtBondage', 'UsesChildren'] },
    });
  });
  it('of the codebook of 2024, with three-letter countries', () => {
    expect(body({ yearOfRegistration: '2022', gender: 'Man', ageBroad: '48+', citizenship: 'UKR', CountryOfExploitation: 'POL', meansWithholdDocs: '1.0', meansDrugsAlcohol: '', isForcedLabour: '1', typeOfLabourConstruction: '1' })).toEqual({
      purpose: 'ASSISTANCE', openedAt: '2022-01-01T00:00:00Z', person: { ageBand: '48+', gender: 'Masculine', citizenships: ['UA'] },
      trafficking: { typesOfExploitation: ['ForcedLabour'], methodsOfControl: ['WithholdsDocuments'], industry: ['F_Construction'], locations: ['PL'] },
    });
  });
  it('say "missing" in three ways', () => {
    for (const missing of ['-99', '', '0']) {
      expect(body({ gender: missing, citizenship: missing, ageBroad: missing, majorityStatus: missing, meansOfControlOther: missing, isForcedLabour: '1' })).toEqual({ purpose: 'ASSISTANCE', trafficking: { typesOfExploitation: ['ForcedLabour'] } });
    }
  });
  it('do not let a merged column pass for a finer one', () => {
    expect(reasons({ meansThreats: '1' })).toEqual([['NOTHING_TO_IMPORT']]);
    expect(body({ meansThreats: '1' }, { columns: { meansThreats: { field: 'trafficking.methodsOfControl', values: { 1: 'PhysicalThreats' } } } })).toEqual({ purpose: 'ASSISTANCE', trafficking: { methodsOfControl: ['PhysicalThreats'] } });
  });
});

describe('a mapping file', () => {
  const map = {
    missing: ['n/a'], dateFormat: 'DD.MM.YYYY', defaultCountry: 'AL',
    columns: {
      'First  Name': 'person.givenName', Born: 'person.birthDate', Sex: { field: 'person.gender', values: { f: 'Feminine', m: 'Masculine', '?': null } }, Tel: 'person.phone',
      Exploitation: { field: 'trafficking.typesOfExploitation', values: { 'L+S': ['ForcedLabour', 'SexualExploitation'] }, separators: '/' }, Notes: null,
    },
    always: { needs: 'shelter;legal', 'person.interpreterNeeded': true },
  };
  it('gives columns their fields, values their codes, and rows what is always so', () => {
    expect(body({ 'first name': 'Arta', Born: '1.2.2010', Sex: 'F', Tel: '069 123 4567', Exploitation: 'L+S / ForcedBegging', Notes: 'secret' }, map)).toEqual({
      purpose: 'ASSISTANCE', person: { givenName: 'Arta', birthDate: '2010-02-01', gender: 'Feminine', interpreterNeeded: true, phone: '+355691234567' }, needs: ['shelter', 'legal'],
      trafficking: { typesOfExploitation: ['ForcedLabour', 'SexualExploitation', 'ForcedBegging'] },
    });
  });
  it('says which values mean missing', () => {
    expect(body({ 'First Name': 'Arta', Born: 'N/A', Sex: '?', Tel: 'n/a' }, map)).toMatchObject({ person: { givenName: 'Arta', interpreterNeeded: true } });
  });
  it('stands above the known names', () => {
    expect(body({ prs_SecondName: 'Arta' }, { columns: { prs_SecondName: 'person.givenName' } })).toEqual({ purpose: 'ASSISTANCE', person: { givenName: 'Arta' } });
  });
  it('may lead two columns to one field: lists are united, other values must agree', () => {
    const two = { columns: { A: 'person.identityNumber', B: 'person.identityNumber', C: 'person.citizenships', D: 'person.citizenships' } };
    expect(body({ A: 'X1', B: 'X1', C: 'AL', D: 'MD;AL' }, two)).toEqual({ purpose: 'ASSISTANCE', person: { citizenships: ['AL', 'MD'], identityNumber: 'X1' } });
    expect(reasons({ A: 'X1', B: 'X2' }, two)).toEqual([['A', 'B', 'COLUMNS_DISAGREE']]);
  });
});
