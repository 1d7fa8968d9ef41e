const units: Readonly<Record<string, number>> = { w: 604_800_000, d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000 };

/** Milliseconds of `3d`, `1d12h`, `90m` or ISO 8601 (`P3DT12H`); undefined where it is neither. */
export function milliseconds(text: string): number | undefined {
  const iso = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i.exec(text);
  const parts = iso && /\d/.test(text)
    ? ['w', 'd', 'h', 'm', 's'].map((unit, i) => Number(iso[i + 1] ?? 0) * (units[unit] ?? 0))
    : /^(?:\d+[wdhms])+$/.test(text) ? [...text.matchAll(/(\d+)([wdhms])/g)].map(([, count, unit = '']) => Number(count) * (units[unit] ?? 0)) : [];
  const total = parts.reduce((sum, part) => sum + part, 0);
  return total > 0 && Number.isSafeInteger(total) ? total : undefined;
}
