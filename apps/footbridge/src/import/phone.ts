import { createRequire } from 'node:module';

// Its ES modules import JSON in a way that Node is giving up; the CommonJS form is the same code.
const { isSupportedCountry, parsePhoneNumberFromString }: typeof import('libphonenumber-js/min') = createRequire(import.meta.url)('libphonenumber-js/min');

/**
 * E.164. A number without its country code is read only where the mapping file names the country. A number is refused when its
 * length cannot be right, not because a table of ranges has not heard of it yet: a wrong refusal cuts somebody off.
 */
export function phone(text: string, defaultCountry?: string): string | undefined {
  const country = defaultCountry !== undefined && isSupportedCountry(defaultCountry) ? defaultCountry : undefined;
  const number = parsePhoneNumberFromString(text.replace(/^00(?=[1-9])/, '+'), { extract: false, ...(country ? { defaultCountry: country } : {}) });
  return number?.isPossible() && number.ext === undefined ? number.number : undefined;
}
