/**
 * A spreadsheet runs a cell that begins like a formula, and a formula can send the other cells away. So such a cell is written with
 * an apostrophe before it, which spreadsheets read as "text", and which is taken off again here. A phone number stays as it is.
 */
export const guarded = (text: string): string => (/^'*[=+\-@\t\r]/.test(text) && !/^\+\d+$/.test(text) ? `'${text}` : text);
export const fromGuarded = (text: string): string => (/^'+[=+\-@\t\r]/.test(text) ? text.slice(1) : text);

/** One line of a CSV file (RFC 4180). */
export const csvLine = (cells: readonly string[], separator: string): string => `${cells.map((cell) => quoted(guarded(cell), separator)).join(separator)}\r\n`;

const quoted = (text: string, separator: string): string => (text.includes(separator) || /["\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
