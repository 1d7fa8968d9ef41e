/** A spreadsheet keeps a date as a number and shows it by a format: whether a number is a date, only the format tells (ECMA-376, 18.8.30). */
export function isDateFormat(id: number, custom: string | undefined): boolean {
  if (custom !== undefined) return /[ymd]/i.test(custom.replace(/"[^"]*"|\\.|_.|\*.|\[[^\]]*\]/g, '').replace(/general/gi, ''));
  return (id >= 14 && id <= 17) || id === 22 || (id >= 27 && id <= 36) || (id >= 50 && id <= 58);
}

const DAY_MS = 86_400_000;

/** Days since the first day of 1900, where a 29 February that never was is counted too, or since 1904. */
export function serialDate(serial: number, from1904: boolean): string {
  const days = from1904 ? serial + 1462 : serial < 60 ? serial + 1 : serial;
  const at = new Date(Math.round((days - 25_569) * (DAY_MS / 1000)) * 1000);
  if (Number.isNaN(at.getTime())) return String(serial);
  const iso = at.toISOString();
  return iso.endsWith('T00:00:00.000Z') ? iso.slice(0, 10) : iso.slice(0, 19);
}
