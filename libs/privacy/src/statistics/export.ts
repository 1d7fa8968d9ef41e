import type { Release } from './release.js';

/** The same release is the same text. */
export const releaseAsJson = (release: Release): string => `${JSON.stringify(release, null, 2)}\n`;

const columns = ['yearOfRegistration', 'variable', 'value', 'count', 'expectedAbsoluteError', 'halfWidth95', 'suppressed', 'epsilon', 'delta', 'k', 'areas', 'family', 'cubeVersion', 'method', 'notes'] as const;
const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** RFC 4180: one line a cell, the total first; each line says by what method it came about, so that a copied part does as well (S-18). */
export function releaseAsCsv(release: Release): string {
  const { period, epsilon, delta, k, areas, family, cubeVersion, method, notes } = release;
  const about = [epsilon, delta, k, areas.join(' '), family, cubeVersion, method, notes.join(' ')];
  const lines = [
    { variable: 'total', value: '', ...release.total },
    ...release.tables.flatMap(({ variable, cells }) => cells.map((cell) => ({ variable, ...cell }))),
  ].map(({ variable, value, count, expectedAbsoluteError, halfWidth95 }) => [period, variable, value, count ?? '', expectedAbsoluteError, halfWidth95, count === null ? '1' : '0', ...about]);
  return [columns, ...lines].map((line) => `${line.map((field) => quoted(String(field))).join(',')}\r\n`).join('');
}
