import { Country } from '@footbridge/contracts';
import { country } from './countries.js';
import { ctdc } from './ctdc.js';
import { fieldNames, kindOf } from './field.js';
import { htcdsColumns } from './htcds.js';
import { language, toIso6392 } from './languages.js';
import { phone } from './phone.js';

describe('a country', () => {
  const read = country;
  it('is read from two and three letters in any case', () => {
    expect(['AL', 'al', 'ALB', 'alb'].map(read)).toEqual(['AL', 'AL', 'AL', 'AL']);
  });
  it('may be stateless or unknown, also as passports write it', () => {
    expect(['stateless', 'XXA', 'unknown', 'XXX'].map(read)).toEqual(['stateless', 'stateless', 'unknown', 'unknown']);
  });
  it('is refused where it is none', () => {
    expect(['ZZ', 'Albania', '', '00', 'constructor', '__proto__'].map(read)).toEqual(Array(6).fill(undefined));
  });
  it('has three letters for each country of the code list, each for one country only', () => {
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
    const found = [...letters].flatMap((a) => [...letters].flatMap((b) => [...letters].map((c) => country(a + b + c)))).filter((code) => code !== undefined);
    expect([...new Set(found)].sort()).toEqual([...Country.values, 'stateless', 'unknown'].sort());
    expect(found).toHaveLength(new Set(found).size);
  });
});

describe('a language', () => {
  const twoLetters = [...'abcdefghijklmnopqrstuvwxyz'].flatMap((a) => [...'abcdefghijklmnopqrstuvwxyz'].map((b) => a + b)).filter((tag) => language(tag) === tag);

  it('is read from ISO 639-2, both kinds, and from BCP 47', () => {
    expect(['sqi', 'alb', 'SQ', 'sr-latn', 'pt_BR', 'ckb', 'rmn', 'tir'].map(language)).toEqual(['sq', 'sq', 'sq', 'sr-Latn', 'pt-BR', 'ckb', 'rmn', 'ti']);
  });
  it('is known by each of the twenty bibliographic codes', () => {
    const bibliographic = 'alb arm baq bur chi cze dut fre geo ger gre ice mac mao may per rum slo tib wel'.split(' ');
    expect(bibliographic.map(language)).toEqual('sq hy eu my zh cs nl fr ka de el is mk mi ms fa ro sk bo cy'.split(' '));
  });
  it('is written in three letters that are read back as the same language', () => {
    expect(twoLetters.length).toBeGreaterThan(180);
    for (const tag of twoLetters) {
      expect(toIso6392(tag)).toMatch(/^[a-z]{3}$/);
      expect(language(toIso6392(tag))).toBe(tag);
    }
  });
  it('is refused where there is none', () => {
    expect(['xx', 'zzz', 'english', 'Albanian', '', 'und', 'mul', 'a', '-', '../..'].map(language)).toEqual(Array(10).fill(undefined));
  });
});

describe('a phone number', () => {
  it('is written as E.164, with its country code or with the one of the mapping', () => {
    expect([phone('+355 69 123 4567'), phone('00355691234567'), phone('069 123 4567', 'AL'), phone('(0)69-1234567', 'AL')]).toEqual(Array(4).fill('+355691234567'));
  });
  it('is refused where its country is not known or its length cannot be right', () => {
    expect([phone('0691234567'), phone('+355'), phone('call me'), phone('+35569123456789012'), phone('+355691234567 ext. 5'), phone('see +355691234567')]).toEqual(Array(6).fill(undefined));
  });
});

describe('the columns of the standards', () => {
  it('fill only fields that there are, with codes that the fields know', () => {
    for (const [name, rule] of [...htcdsColumns, ...ctdc]) {
      if (!('field' in rule) || rule.field === 'state') continue;
      expect(fieldNames).toContain(rule.field);
      const kind = kindOf(rule.field);
      for (const code of Object.values(rule.values ?? {}).flat()) {
        if (code !== null) expect([name, kind.read(code, { now: 0 })]).toEqual([name, code]);
      }
    }
  });
  it('are all of HTCDS 2.0 and the names of CTDC before and after 2024, also cut after 32 letters', () => {
    expect(htcdsColumns.size).toBe(83);
    for (const name of ['majorityStatus', 'meansOfControlDebtBondage', 'meansOfControlPsychoactiveSubsta', 'meansThreats', 'ageBroad', 'CountryOfExploitation']) expect(ctdc.has(name)).toBe(true);
  });
});
