import { codeList } from './code-list.js';
import { createGate } from './gate.js';
import type { MailTemplate } from './mail.js';
import { PrivacyRefusal } from './refusal.js';
import { newRef } from './ref.js';
import type { Scanner } from './scan.js';
import { label } from './sealed.js';
import { wire, type WireObject } from './wire.js';

const Reason = codeList('Reason', ['GONE', 'EXHAUSTED']);
const disabled: MailTemplate = { name: 'endpoint-disabled', subject: 'Please look', text: 'Reason: {reason}, {count} times.\nSee {address}, {reason}.\n', slots: { reason: wire.code(Reason), count: wire.version } };
const address = 'https://footbridge.example/app';
const from = 'footbridge@network.example';
const write = (template: MailTemplate, slots: unknown = { reason: 'GONE', count: 3 }, metadata: Record<string, string> = { from }, at = address, scanners: readonly Scanner[] = [], listed: readonly MailTemplate[] = [template]): string => {
  try {
    const { subject, text } = createGate({ mail: { templates: listed, address: at }, scanners }).mail(template, slots as Readonly<Record<string, never>> & WireObject as never, metadata);
    return `${subject.bytes().toString()}|${text.bytes().toString()}`;
  } catch (error) {
    expect(error).toBeInstanceOf(PrivacyRefusal);
    const { code, pointer } = error as PrivacyRefusal;
    return pointer === undefined ? code : `${code} ${pointer}`;
  }
};

describe('a mail', () => {
  it('is one of the closed list, with its slots filled', () => expect(write(disabled)).toBe(`Please look|Reason: GONE, 3 times.\nSee ${address}, GONE.\n`));
  it('has slots for codes, bands, periods, versions and yes or no, and a name of one word or more', () => {
    const slots = { code: wire.code(codeList('Public', ['P'], 'open')), band: wire.band(codeList('Places', ['few'])), period: wire.period, version: wire.version, boolean: wire.boolean };
    expect(write({ name: 'welcome', subject: 'S', text: '{code} {band} {period} {version} {boolean}', slots }, { code: 'P', band: 'few', period: '2026-Q4', version: 2, boolean: false })).toBe('S|P few 2026-Q4 2 false');
  });
  it('stays as it was at its first use', () => {
    const changing = { ...disabled };
    const gate = createGate({ mail: { templates: [changing], address } });
    const text = (): string => gate.mail(changing as never, { reason: 'GONE', count: 3 } as never, { from }).text.bytes().toString();
    const first = text();
    changing.text = 'Qëzvxwöj {reason}';
    expect(text()).toBe(first);
  });
  it('is refused where it is not on the list, though it reads the same, and where there is none', () => {
    expect(write(disabled, undefined, undefined, address, [], [{ ...disabled }])).toBe('MAIL_NOT_LISTED');
    expect(() => createGate().mail(disabled as never, {} as never, {})).toThrow(expect.objectContaining({ code: 'MAIL_NOT_LISTED' }));
  });
  it.each<[string, unknown, string]>([
    ['a text in a slot', { reason: 'Qëzvxwöj', count: 3 }, 'FIELD_INVALID /reason'], ['a slot too many', { reason: 'GONE', count: 3, name: 'x' }, 'UNEXPECTED_FIELD'], ['one too few', { reason: 'GONE' }, 'MISSING_FIELD /count'], ['a labelled value', { reason: label('direct', 'GONE'), count: 3 }, 'SEALED_VALUE /reason'],
  ])('refuses %s', (_what, slots, code) => expect(write(disabled, slots)).toBe(code));
  it.each<[string, Partial<MailTemplate>, string]>([
    ['a name that is none', { name: 'Mail 1' }, 'MAIL_INVALID'], ['a number behind its name', { name: 'mail1' }, 'MAIL_INVALID'], ['one before it', { name: '1mail' }, 'MAIL_INVALID'], ['a name that does not end', { name: 'mail-' }, 'MAIL_INVALID'], ['no subject', { subject: '' }, 'MAIL_INVALID'], ['no text', { text: '' }, 'MAIL_INVALID'], ['a slot in the subject', { subject: 'For {reason}' }, 'MAIL_INVALID'], ['a second header in the subject', { subject: 'x\r\nBcc: y@z.example' }, 'MAIL_INVALID'], ['a slot that is not declared', { text: '{name}' }, 'MAIL_INVALID'],
    ['a slot called address', { slots: { ...disabled.slots, address: wire.boolean } }, 'MAIL_INVALID'], ['a reference as a slot', { slots: { ...disabled.slots, ref: wire.ref('rfr') } }, 'MAIL_INVALID'], ['a day', { slots: { ...disabled.slots, on: wire.day } }, 'MAIL_INVALID'], ['an optional slot', { slots: { ...disabled.slots, on: wire.optional(wire.boolean) } }, 'MAIL_INVALID'],
    ['a slot name that is a value', { slots: { ...disabled.slots, 'Qëz': wire.boolean } }, 'MAIL_INVALID'], ['a slot that wire did not make', { slots: { ...disabled.slots, x: { kind: 'code' } as never } }, 'MAIL_INVALID'], ['a code above operational', { slots: { ...disabled.slots, g: wire.code(codeList('Gender', ['x'], 'quasi')) } }, 'CLASS_NOT_ALLOWED /g'],
  ])('is not declared with %s', (_what, change, code) => expect(write({ ...disabled, ...change })).toBe(code));
  it.each(['footbridge.example', 'ftp://x.example', 'https://u@x.example', 'https://:p@x.example', 'https://x.example/?q=Arta', 'https://x.example/#Arta', `https://x.example/${'a'.repeat(183)}`, 'https://x.example/{reason}', 'https://x.example/a b'])('is not sent from an instance at %s', (at) => expect(write(disabled, undefined, undefined, at)).toBe('ADDRESS_INVALID'));
  it('is sent from one at http too, where it is', () => expect(write(disabled, undefined, undefined, 'http://127.0.0.1:3000')).toContain('See http://127.0.0.1:3000,'));
  it('has an address of 200 characters at most', () => expect(write(disabled, undefined, undefined, `https://x.example/${'a'.repeat(182)}`)).toContain('aaa, GONE'));
  it.each<[Record<string, string>, string]>([
    [{ from, 'message-id': `<${'a1'.repeat(20)}@footbridge>` }, 'Please look'], [{ 'content-type': 'text/plain; charset=utf-8' }, 'Please look'], [{ subject: 'For Arta' }, 'UNEXPECTED_METADATA'], [{ to: 'arta@mail.example' }, 'UNEXPECTED_METADATA'], [{ 'x-case': newRef('rfr') }, 'UNEXPECTED_METADATA'], [{ 'message-id': '<arta@footbridge>' }, 'METADATA_INVALID /message-id'], ...['Arta <a@b.example>', 'a b@c.example', 'a@b c.example', 'a@b@c.example', '<a@b.example>', '@b.example', 'a@', `${'a'.repeat(65)}@b.example`, `a@${'b'.repeat(190)}`].map((wrong): [Record<string, string>, string] => [{ from: wrong }, 'METADATA_INVALID /from']), [{ from: `${'a'.repeat(64)}@${'b'.repeat(189)}` }, 'Please look'],
    ...[`<${'a1'.repeat(20)}@footbridge>x`, `x<${'a1'.repeat(20)}@footbridge>`, `<${'a1'.repeat(19)}@footbridge>`, `<${'A1'.repeat(20)}@footbridge>`].map((wrong): [Record<string, string>, string] => [{ 'message-id': wrong }, 'METADATA_INVALID /message-id']), [{ 'Content-Type': 'text/plain;charset=UTF-8' }, 'Please look'], [{ 'content-type': 'text/plain; charset=utf-8x' }, 'METADATA_INVALID /content-type'], [{ 'content-type': 'xtext/plain; charset=utf-8' }, 'METADATA_INVALID /content-type'],
    [{ 'content-type': 'text/html' }, 'METADATA_INVALID /content-type'], [{ 'file-name': 'footbridge-endpoint-disabled.txt' }, 'UNEXPECTED_METADATA'],
  ])('T05 with %p: %s', (metadata, said) => expect(write(disabled, undefined, metadata).startsWith(said)).toBe(true));
  it('is scanned: subject and text', () => {
    for (const word of ['look', 'times']) expect(write(disabled, undefined, undefined, address, [{ name: 'w', find: (text) => (text.includes(word) ? [{ kind: 'w', start: 0, end: 1 }] : []) }])).toBe('SCANNER_FOUND');
  });
});
