/** ISO 639-2/T of the languages that have a two-letter code. Bibliographic codes (`alb`, `fre`) and all others are known to Intl. */
const PAIRS = `aaaar ababk aeave afafr akaka amamh anarg arara asasm avava ayaym azaze babak bebel bgbul bibis bmbam bnben bobod brbre bsbos cacat ceche
chcha cocos crcre csces cuchu cvchv cycym dadan dedeu dvdiv dzdzo eeewe elell eneng eoepo esspa etest eueus fafas ffful fifin fjfij fofao frfra fyfry gagle
gdgla glglg gngrn guguj gvglv hahau heheb hihin hohmo hrhrv hthat huhun hyhye hzher iaina idind ieile igibo iiiii ikipk ioido isisl itita iuiku jajpn jvjav
kakat kgkon kikik kjkua kkkaz klkal kmkhm knkan kokor krkau kskas kukur kvkom kwcor kykir lalat lbltz lglug lilim lnlin lolao ltlit lulub lvlav mgmlg mhmah
mimri mkmkd mlmal mnmon mrmar msmsa mtmlt mymya nanau nbnob ndnde nenep ngndo nlnld nnnno nonor nrnbl nvnav nynya ococi ojoji omorm orori ososs papan pipli
plpol pspus ptpor quque rmroh rnrun roron rurus rwkin sasan scsrd sdsnd sesme sgsag sisin skslk slslv smsmo snsna sosom sqsqi srsrp ssssw stsot susun svswe
swswa tatam tetel tgtgk ththa titir tktuk tntsn toton trtur tstso tttat twtwi tytah uguig ukukr ururd uzuzb veven vivie vovol wawln wowol xhxho yiyid yoyor
zazha zhzho zuzul`;

const threeLetters = new Map(PAIRS.split(/\s+/).map((pair) => [pair.slice(0, 2), pair.slice(2)]));
const twoLetters = new Map([...threeLetters].map(([two, three]) => [three, two]));
const names = new Intl.DisplayNames(['en'], { type: 'language', fallback: 'none' });
const seen = new Map<string, string | undefined>();

/** BCP 47 or ISO 639-2 in any case -> the canonical BCP 47 tag (`alb`, `sqi`, `SQ` -> `sq`); `undefined` for what is no language. */
export function language(text: string): string | undefined {
  const key = text.toLowerCase();
  if (!seen.has(key)) {
    if (seen.size > 10_000) seen.clear();
    seen.set(key, canonical(key));
  }
  return seen.get(key);
}

function canonical(text: string): string | undefined {
  const tag = text.replaceAll('_', '-');
  if (!/^[a-z]{2,3}(-|$)/.test(tag)) return undefined;
  try {
    const locale = new Intl.Locale(twoLetters.get(tag) ?? tag);
    return isKnown(locale) ? locale.toString() : undefined;
  } catch {
    return undefined;
  }
}

/** Known to CLDR: it has a name, or at least a script that it is written in. `und`, `mul`, `zxx` say that there is no language. */
function isKnown({ language: code }: Intl.Locale): boolean {
  if (['und', 'mul', 'zxx', 'mis'].includes(code)) return false;
  return names.of(code) !== undefined || new Intl.Locale(code).maximize().script !== undefined;
}

/** HTCDS writes ISO 639-2: three letters, the terminology code. Where 639-2 has none for a language, its three-letter tag stands as it is. */
export function toIso6392(tag: string): string {
  const code = /^[a-z]{2,3}(?=-|$)/i.exec(tag)?.[0].toLowerCase() ?? tag;
  return threeLetters.get(code) ?? code;
}
