import fc from 'fast-check';
import { canaryPerson } from './canary-person.js';
import { KnownIdentities, knownIdentity, nameTokens } from './known-identity.js';
import { newRef } from './ref.js';
import { label } from './sealed.js';

const key = Buffer.alloc(32, 3);
const scanner = knownIdentity(['Qëzvxwöj Vqykzxaf', 'Ángjéqwžqo', 'ظغثض غظضخ'], key);
const finds = (text: string): boolean => scanner.find(text).length > 0;

describe('the scanner for people whom the organisation knows', () => {
  it.each([
    'Qëzvxwöj Vqykzxaf', 'VQYKZXAF, QËZVXWÖJ', 'qezvxwoj met her brother, vqykzxaf', 'Qe\u0308zvxwo\u0308j Vqykzxaf', 'Qëz\u200bvxwöj Vqykzxaf', '{"note":"qezvxwoj-vqykzxaf"}', 'ANGJEQWZQO', 'جاء ظغثض غظضخ',
  ])('finds %p', (text) => expect(finds(text)).toBe(true));

  it.each(['', 'Qëzvxwöj', 'Qezvxwoj Qezvxwoj', 'Vqykzxa Qezvxwo', 'The transport is confirmed for Monday', '{"referral":"rfr_qezvxwojvqykzxafqezvxwojvqykzxaf22"}'])('finds nobody in %p', (text) => expect(finds(text)).toBe(false));

  it('says where, and never what', () => {
    const found = scanner.find('for Qëzvxwöj Vqykzxaf');
    expect(found).toEqual([{ kind: 'known-identity', start: 4, end: 12 }, { kind: 'known-identity', start: 13, end: 21 }]);
    expect(scanner.name).toBe('known-identity');
  });

  it('one word of two people each is nobody', () => {
    expect(knownIdentity(['Qezv Xwoj', 'Vqyk Zxaf'], key).find('Qezv Zxaf')).toEqual([]);
  });
});

describe('T05 what a language writes together with a name', () => {
  const known = new KnownIdentities(key);
  const find = (text: string): boolean => known.find(text).length > 0;
  beforeAll(() => { for (const [person, name] of [['k', '김 민지'], ['e', 'ሰላም ተስፋዬ']] as const) known.add(person, [name]); });
  it.each(['김민지', '김민지가 왔다', '병원에 김민지를 데려가', '김민지에게서', '민지 김', '김민지'.normalize('NFD') + '와'])('Korean particles: %s', (text) => { expect(find(text)).toBe(true); });
  it.each(['ለሰላም ተስፋዬ', 'የሰላም ተስፋዬ', 'ከሰላም በተስፋዬ'])('Amharic and Tigrinya particles: %s', (text) => { expect(find(text)).toBe(true); });
  it('a particle stands before two signs at least', () => {
    const short = new KnownIdentities(key);
    short.add('s', ['ሳ ሰላም']);
    expect(['ሳ ሰላም', 'የሳ ሰላም'].map((text) => short.find(text).length > 0)).toEqual([true, false]);
  });
  it.each(['민지가 왔다', '김치를 먹는다', 'ለሰላም', 'የቤት ሥራ'])('a part of a name alone, and other words: %s', (text) => { expect(find(text)).toBe(false); });
});

/** Cyrillic and Greek letters for Latin ones, and back. */
const ALIKE = [...'aаbвcсeеhнiіkкmмoоpрtтxхyуjјsѕ'];
const lookAlike = (text: string): string => [...text.normalize('NFD')].map((c) => { const i = ALIKE.indexOf(c); return i < 0 ? c : ALIKE[i ^ 1]; }).join('');
const leet = (text: string): string => [...text].map((c) => ({ a: '4', а: '4', e: '3', е: '3', i: '1', l: '1', o: '0', о: '0', s: '5', t: '7', т: '7', b: '8', g: '9', z: '2' }[c] ?? c)).join('');
const swapped = (name: string): string => (name.includes(' ') ? name.split(' ').reverse().join(' ') : [...name.slice(name.length / 2), ...name.slice(0, name.length / 2)].join(''));
const disguises: Readonly<Record<string, (name: string) => string>> = {
  plain: (name) => name, case: (name) => name.toUpperCase(), 'no diacritics': (name) => name.normalize('NFD').replace(/\p{M}/gu, ''), 'swapped order': swapped,
  'zero width': (name) => [...name].join('\u200b'), homoglyph: lookAlike, leet, base64: (name) => Buffer.from(name).toString('base64'), hex: (name) => Buffer.from(name).toString('hex'),
  URL: encodeURIComponent, joined: (name) => name.replaceAll(' ', ''), reversed: (name) => [...name.normalize('NFD').replace(/\p{M}/gu, '')].reverse().join(''), 'other separator': (name) => name.replaceAll(' ', '_'),
};
const people = Array.from({ length: 12 }, (_, i) => canaryPerson(i * 97 + 3));
const scripts = {
  Latin: (n: number): string => `${people[n]!.givenName} ${people[n]!.familyName}`, Arabic: (n: number): string => people[n]!.arabicName, Cyrillic: (n: number): string => people[n]!.cyrillicName, Chinese: (n: number): string => people[n]!.chineseName,
  Albanian: (n: number): string => ['Arta Hoxha', 'Besnik Kelmendi', 'Drita Gjokaj'][n % 3]!, Serbian: (n: number): string => ['Милица Петровић', 'Јована Тодоров', 'Ана Марковић'][n % 3]!, West: (n: number): string => ['Adaeze Okonkwo', "Ngozi N'Diaye", 'Blessing Osagie-Eze'][n % 3]!,
} as const;

describe.each(Object.entries(scripts))('a name in the script of %s', (_script, nameOf) => {
  const known = knownIdentity(people.map((_, i) => nameOf(i)), key);
  it.each(Object.entries(disguises))('is found disguised by %s, each time', (_how, disguise) => {
    for (let n = 0; n < people.length; n += 1) {
      for (const text of [disguise(nameOf(n)), `for ${disguise(nameOf(n))} at the door`, JSON.stringify({ note: disguise(nameOf(n)) })]) expect([text, known.find(text).length > 0]).toEqual([text, true]);
    }
  });
});

describe('the index of whom an organisation knows', () => {
  it('grows and shrinks by person, and a person has all her names', () => {
    const known = new KnownIdentities(key);
    known.add('a', [label('direct', 'Arta Hoxha'), 'Drita Kola']);
    known.add('b', ['Arta Hoxha']);
    expect([known.size, known.find('hoxha arta').length, known.find('kola drita').length]).toEqual([3, 4, 2]);
    known.remove('a');
    expect([known.size, known.find('hoxha arta').length, known.find('kola drita').length]).toEqual([1, 2, 0]);
    known.remove('b');
    known.remove('nobody');
    expect([known.size, known.find('hoxha arta')]).toEqual([0, []]);
  });

  it('leaves nothing of a person, also where one of her names has no letter, and where a name is in another', () => {
    const known = new KnownIdentities(key);
    known.add('a', ['—', '12', 'Arta Hoxha', 'An Na Anna']);
    expect(known.size).toBe(2);
    known.remove('a');
    expect([known.size, known.find('Arta Hoxha An Na Anna')]).toEqual([0, []]);
    known.add('b', ['- 1']);
    expect(known.size).toBe(0);
  });

  it('keeps of a name at most eight words, each hash of 12 characters; short words only where there are no others', () => {
    const kept = (name: string): number => nameTokens(name, key).words.length;
    expect(['Arta', 'Arta Hoxha', 'ㅤ', 'Arta ㅤ Hoxha', 'Arta, -- Hoxha', 'a b c d e f g', 'Ana Eva de', 'Ana de la', 'Li Wu', 'Li', 'Arta Arta'].map(kept)).toEqual([1, 2, 0, 2, 2, 7, 2, 3, 2, 1, 2]);
    expect(['a b c d e f g h', 'a b c d e f g h i', 'a b c d e f g h i k'].map(kept)).toEqual([8, 8, 8]);
    const { words, stems, whole, runs } = nameTokens('Arta Hoxha', key);
    expect([words.map((forms) => forms.length), stems.map((forms) => forms.length), whole.length, runs, [...words.flat(), ...stems.flat(), ...whole].every((hash) => hash.length === 12)]).toEqual([[2, 2], [2, 2], 4, [], true]);
    expect(['Ana Besnik', 'Anna Kol'].map((name) => nameTokens(name, key).stems.map((forms) => forms.length))).toEqual([[0, 1], [2, 0]]);
    expect([nameTokens('龘靐 齉爩', key).runs, nameTokens('龘靐齉', key).runs, nameTokens('龘 Arta', key).runs]).toEqual([[2, 4], [3], [1, 5]]);
  });

  it('finds words of one name between signs, and written together in each order; not twice the same', () => {
    const found = (name: string, text: string): number => knownIdentity([name], key).find(text).length;
    for (const text of ['Arta|Hoxha', 'Arta@Hoxha', 'x!Arta$Hoxha', 'Arta€€Hoxha', `${'x'.repeat(80)}|Arta|Hoxha`]) expect([text, found('Arta Hoxha', text)]).toEqual([text, 2]);
    for (const text of ['MariaElenaCruz', 'CruzElenaMaria', 'ElenaMaria', 'zurCanelEairaM']) expect([text, found('Maria Elena Cruz', text)]).toEqual([text, 1]);
    expect([found('Arta Hoxha', 'ArtaArta HoxhaHoxha'), found('Drita', 'DritaDrita'), found('Drita', 'Drita'), found('Drita', 'x!y'), found('Arta ㅤ Hoxha', 'Arta')]).toEqual([0, 0, 1, 0, 0]);
  });

  it.each([
    ['Qezvxwoj Trbkmlu', ["in Qezvxwoj Trbkmlu's room", 'Qezvxwoj Trbkmlu’s sister', 'Qezvxwoj Trbkmlus Zimmer', 'the Qezvxwojs and Trbkmlus', "'Qezvxwoj Trbkmlu'"], ['Qezvxwoj', 'Qezvxwojs', 'Qezvxwoj Trbkml', 'Qezvxwoj Trbkmlusik']],
    ['Bo Li', ["Bo Li's", 'Bo’s Li’nin'], ['Bos Lis']],
    ['Arta Hoxha', ['shoqja e Arta Hoxhës', 'me Artën Hoxhën', 'Artas Hoxhas'], ['Ar Hoxha', 'Artemi Hoxha', 'Art Hoxha', 'Artanxx Hoxha']],
    ['Besnik Kola', ['Besnikun Kolën', 'Besniku Kola'], ['Besnis Kola', 'Besni Kola', 'Besnikuni Kola']],
    ['Ana Hoxha', ['Ana Hoxhës'], ['Anas Hoxha', 'Ans Hoxha']],
    ['Milica Petrović', ['Milice Petrović', 'Milicom Petrovićem', 'Petroviću, Milici'], ['Milan Petrović']],
    ['Elena Popescu', ['camera Elenei Popescu', 'Elenă Popescul'], ['Ele Popescu']],
    ['Мария Иванова', ['с Марией Ивановой', 'у Марии Ивановы'], ['Мар Иванова']],
    ['ظغثض غظضخ', ['لظغثض غظضخ', 'وظغثض بغظضخ'], ['مظغثض غظضخ']],
    ['ظلغثض غظضخ', ['كظلغثض غظضخ'], ['مظلغثض غظضخ']],
    ['ظغ غظضخ', ['ظغ غظضخ'], ['لظغ غظضخ']],
    // what could be a case of the other word is not both
    ['Maria Marina', ['Maria Marina', 'Marina Maria'], ['Marina', 'Maria']],
    ['Maria Mari', ['Maria Mari'], ['Maria']],
    // said twice, for whom both names are the same
    ['Ahmed Ahmed', ['her husband Ahmed Ahmed', "Ahmed Ahmed's room", 'Ahmed Ahmeds', 'Ahmed, Ahmedov', 'x AhmedAhmed'], ['Ahmed', 'Ahmed and Ahmed', 'Ahmed Ahmedova', 'Ahmed Mahmed', 'Ahmedov Ahmed', 'Ahmed Ali']],
    ['Ahmed Ali Ahmed', ['Ahmed Ali', 'Ali Ahmed', 'Ahmed Ahmed'], ['Ali', 'Ahmed']],
    // of many words the first, and the family name at the end
    ['María de los Ángeles del Carmen Qezvxwoj Trbkmlu', ['María Qezvxwoj Trbkmlu', 'Qezvxwoj Trbkmlu', 'Carmen Trbkmlu', 'Angeles Maria'], ['de los', 'delos', 'del Rosario']],
    ['Onea Tewb Thrc Foud Fiee Sixf Sevg Eigh Nini Tenk', ['Onea Tenk', 'Foud Sevg', 'Sevg Tenk', 'OneaTewbThrcFoudFieeSixfSevgEighNiniTenk'], ['Fiee Sixf', 'Fiee Tenk', 'FieeSixf']],
    ['Maria de la Cruz', ['MariaCruz', 'MariadelaCruz'], ['dela', 'delaCruz']],
  ])('finds %s in ordinary grammar', (name, found, passed) => {
    const known = new KnownIdentities(key);
    known.know('a', label('direct', { givenName: name }), false);
    for (const text of found) expect([text, known.find(text).length > 0]).toEqual([text, true]);
    for (const text of passed) expect([text, known.find(text).length > 0]).toEqual([text, false]);
  });

  it.each([
    'She needs a bed from Monday, near a clinic.', 'Two adults and one child will arrive with the evening train.', 'Speaks Albanian; an interpreter is needed for the first talk.', 'Ka nevojë për një vend të sigurt deri të hënën.',
    'Potreban je prevodilac za prvi razgovor.', 'Are nevoie de un loc sigur până luni.', 'Pazartesiye kadar güvenli bir yere ihtiyacı var.', 'Ей нужен переводчик и врач.', 'May she hope for a place in April or June?', 'Grace period ends on Sunday.',
  ])('a note that names nobody, %p, is no false alarm', (note) => {
    const given = ['Arta', 'Ana', 'Milica', 'Elena', 'Maria', 'Ayşe', 'Hope', 'Grace', 'April', 'June', 'Sunday', 'Мария'], family = ['Hoxha', 'Kola', 'Petrović', 'Popescu', 'Yılmaz', 'Okafor', 'Иванова', 'Bedford', 'Childs'];
    expect(knownIdentity(given.flatMap((g) => family.map((f) => `${g} ${f}`)), key).find(note)).toEqual([]);
  });

  it('forgets that nobody had a word when somebody comes who has it', () => {
    const known = new KnownIdentities(key);
    known.add('b', ['Drita Kola']);
    for (const text of ['Arta Hoxha', 'Artës Hoxhës']) expect(known.find(text)).toEqual([]);
    known.add('a', ['Arta Hoxha']);
    for (const text of ['Arta Hoxha', 'Artës Hoxhës']) expect([text, known.find(text).length]).toEqual([text, 2]);
    known.remove('a');
    expect(known.find('Artës Hoxhës')).toEqual([]);
  });

  it('finds a name where no spaces are, with the place of the run, in each order, and no half of one', () => {
    const found = (name: string, text: string): readonly object[] => knownIdentity([name], key).find(text);
    for (const text of ['for 在爩龗麤家 x', 'for 家家爩龗麤 x', 'for 爩龗麤家家 x', 'for 在龗麤爩家 x']) expect([text, found('爩龗麤', text)]).toEqual([text, [{ kind: 'known-identity', start: 4, end: 9 }]]);
    expect([found('龘靐齉', '龘靐齉').length, found('龘靐 齉爩', '靐龘'), found('龘靐 齉爩', '龘靐'), found('龘靐 齉爩', '在龘靐齉爩家').length > 0]).toEqual([1, [], [], true]);
    for (const name of ['さくらこ', 'サクラコ', 'สมหญิง', 'ສົມຈິດ', 'សុភាព', 'မြင့်']) expect([name, found(name, `${name.slice(0, 1)}${name}${name.slice(0, 1)}`).length > 0]).toEqual([name, true]);
  });

  it('replaces a person who is added again', () => {
    const known = new KnownIdentities(key);
    known.add('a', ['Arta Hoxha']);
    known.add('a', ['Drita Kola']);
    expect([known.find('Arta Hoxha'), known.find('Drita Kola').length]).toEqual([[], 2]);
  });

  it('knows somebody by all her names in full; one word alone, only if asked to', () => {
    const her = label('direct', { givenName: 'Arta', familyName: 'Hoxha', chosenName: 'Ari', aliases: ['Drita Kola', 'Bukuroshe'] });
    const found = (alone: boolean | undefined, text: string, named: typeof her | Parameters<KnownIdentities['know']>[1] = her): boolean => { const known = new KnownIdentities(key); known.know('a', named, alone); return known.find(text).length > 0; };
    expect(found(false, 'Zyx Trbkmlu', label('direct', { givenName: ' Qezvxwoj', familyName: 'Trbkmlu ', aliases: ['Zyx '] }))).toBe(true);
    for (const text of ['Hoxha Arta', 'Ari Hoxha', 'Kola, Drita', 'bukuroshe hoxha']) for (const alone of [true, false]) expect([text, alone, found(alone, text)]).toEqual([text, alone, true]);
    // an alias of two words has its own family name
    for (const text of ['Arta', 'Hoxha', 'Drita Hoxha', 'Arta Kola', 'Bukuroshe']) for (const alone of [undefined, false]) expect([text, alone, found(alone, text)]).toEqual([text, alone, false]);
    const one = label('direct', { givenName: 'Arta', familyName: '' });
    expect([found(undefined, 'for Arta', one), found(true, 'for Arta', one), found(false, 'for Arta', one), found(false, 'for Arta', label('direct', {}))]).toEqual([true, true, false, false]);
    expect([found(false, '龘靐齉', label('direct', { givenName: '龘靐齉' })), found(false, 'x', label('direct', { chosenName: '', aliases: [''] }))]).toEqual([true, false]);
  });

  it('looks for everybody but some', () => {
    const known = new KnownIdentities(key);
    known.add('a 1', ['Arta Hoxha']);
    known.add('a', ['Drita Kola']);
    const besides = known.besides((person) => person === 'a');
    expect([besides.name, besides.find('Drita Kola'), besides.find('Arta Hoxha').length, known.find('Drita Kola').length]).toEqual(['known-identity', [], 2, 2]);
  });

  describe('in the fields of her own names', () => {
    const known = new KnownIdentities(key);
    for (const [person, givenName, familyName] of [['her', 'Selam', 'Tesfay Haile'], ['again', 'Selam', 'Tesfay Haile'], ['sister', 'Ruth', 'Tesfay Haile'], ['other', 'Wqxolm', 'Hjdkrat'], ['maria', 'Maria', 'de la Cruz']] as const) known.know(person, label('direct', { givenName, familyName }), false);
    const others = known.besides((person) => person === 'her');
    const found = (named: Parameters<typeof others.findInNames>[0]): boolean => others.findInNames(named).length > 0;
    const selam = { givenName: 'Selam', familyName: 'Tesfay Haile' };
    it.each([
      [{}], [{ givenName: '', familyName: ' - ', aliases: [] }], [selam], [{ ...selam, chosenName: 'Selam Tesfay Haile', aliases: ['Selam T. Haile', 'Haile, Selam'] }],
      [{ givenName: 'Ana Maria', familyName: 'de la Cruz', chosenName: 'Ana Maria Cruz' }], [{ givenName: 'Wqxolm', familyName: 'Hjdkrat' }], [{ ...selam, aliases: ['Wqxolm Hjdkrat'] }], [{ ...selam, chosenName: 'Ruth' }],
    ])('%j is what she is called, though others are called so too', (named) => expect(found(named)).toBe(false));
    it.each([
      [{ ...selam, aliases: ['the friend of Wqxolm Hjdkrat'] }], [{ ...selam, chosenName: "Wqxolm Hjdkrat's friend" }], [{ givenName: 'sleeps with Wqxolm Hjdkrat' }], [{ familyName: 'friend Wqxolm Hjdkrat' }],
      [{ ...selam, aliases: ['Selam', 'comes with Ruth Haile'] }], [{ ...selam, aliases: ['with Ruths Tesfays'] }], [{ ...selam, chosenName: `${Buffer.from('Ruth Haile').toString('base64')}` }], [{ ...selam, aliases: ['x RuthTesfay'] }],
      [{ givenName: 'Selam', aliases: ['room of Tesfay Haile'] }], [{ ...selam, aliases: ['with Ruth Tesfay Haile'] }], [{ givenName: 'Wqxolm friend Hjdkrat' }],
    ])('%j names somebody else', (named) => expect(found(named)).toBe(true));
  });

  it('finds nobody by how long a name was that is gone', () => {
    const known = new KnownIdentities(key);
    known.add('a', ['龘靐齉']);
    known.add('b', ['爩龗麤']);
    known.remove('a');
    expect([known.find('在爩龗麤家').length, known.find('在龘靐齉家')]).toEqual([1, []]);
    known.remove('b');
    expect(known.find('在爩龗麤家')).toEqual([]);
  });

  it('takes the hashes of a name for the name, and they do not show it', () => {
    const tokens = nameTokens('Arta Hoxha', key);
    expect(JSON.stringify(tokens)).not.toMatch(/arta|hoxha|atra|axhoh/i);
    expect(nameTokens('Arta Hoxha', Buffer.alloc(32, 4)).words).not.toEqual(tokens.words);
    const known = new KnownIdentities(key);
    known.add('a', [tokens]);
    expect(known.find('ARTA HOXHA')).toHaveLength(2);
  });

  it('needs a key', () => {
    for (const act of [() => nameTokens('Arta', Buffer.alloc(15)), () => new KnownIdentities(Buffer.alloc(15))]) expect(act).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }));
    expect([nameTokens('Arta', Buffer.alloc(16)).words.length, new KnownIdentities(Buffer.alloc(16)).size]).toEqual([1, 0]);
  });

  it.each(['', ' - ', '123 456'])('a name without a letter, %p, is nobody', (name) => expect(knownIdentity([name], key).find('123 456 - x')).toEqual([]));

  it('a particle of a name is no word of it, where others are', () => {
    expect(knownIdentity(['Maria de la Cruz'], key).find('de la Rosa')).toEqual([]);
    expect(knownIdentity(['Li Wu'], key).find('Wu, Li')).toHaveLength(2);
  });

  it('decodes two deep, and says where in the whole it was', () => {
    const twice = Buffer.from(Buffer.from('Arta Hoxha').toString('base64')).toString('hex');
    expect(knownIdentity(['Arta Hoxha'], key).find(`ab ${twice}`)[0]).toEqual({ kind: 'known-identity', start: 3, end: 3 + twice.length });
    expect(knownIdentity(['Arta Hoxha'], key).find(JSON.stringify('Arta Hoxha').replace('A', '\\u0041'))).toHaveLength(2);
    expect(knownIdentity(['Arta Hoxha'], key).find('x %41rta+y+Hoxha')).toEqual([{ kind: 'known-identity', start: 0, end: 16 }, { kind: 'known-identity', start: 0, end: 16 }]);
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    const finds = (text: string): boolean => knownIdentity(['Arta Hoxha'], key).find(text).length > 0;
    for (const between of ['\n', '\t', '\r\n']) expect(finds(base64(`Arta${between}Hoxha`))).toBe(true);
    expect([finds(`${Buffer.from('Arta Hoxha').toString('hex')}0`), finds(Buffer.from('Arta Hoxha').toString('hex').toUpperCase())]).toEqual([true, true]);
    // deeper than two nothing is looked for, whatever comes first
    const two = base64(base64('Arta Hoxha'));
    for (const three of [base64(two), `%${two.charCodeAt(0).toString(16)}${two.slice(1)}`, `\\u00${two.charCodeAt(0).toString(16)}${two.slice(1)}`]) expect([three, finds(three)]).toEqual([three, false]);
  });

  it('finds nobody in references, uuids, moments and codes', () => {
    const known = knownIdentity(people.map((_, i) => scripts.Latin(i)), key);
    fc.assert(fc.property(fc.uuid(), fc.date({ min: new Date('2020-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }), fc.constantFrom('sent', 'EMERGENCY', 'psychosocial'), (uuid, at, code) => {
      expect(known.find(JSON.stringify({ ref: newRef('rfr'), uuid, at: at.toISOString(), code }))).toEqual([]);
    }), { numRuns: 200 });
  });

  it('remembers only so many words', () => {
    const known = knownIdentity(['Arta Hoxha'], key);
    for (let i = 0; i < 5; i += 1) known.find(Array.from({ length: 1_000 }, (_, n) => `w${i}x${n}`).join(' '));
    expect(known.find('Arta Hoxha')).toHaveLength(2);
  });
});
