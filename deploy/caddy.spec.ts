import { readFileSync } from 'node:fs';
import { serviceFor, routeTable } from '../apps/footbridge/src/routes.js';
import { services } from '../apps/footbridge/src/services.js';

const matchers = [...readFileSync('deploy/Caddyfile', 'utf8').matchAll(/^\s*@(\w+) path_regexp (\S+)$/gm)].map(([, service = '', pattern = '']) => ({ service, pattern: new RegExp(pattern), words: /^\^\/v1\/\((.*)\)\(\/\|\$\)$/.exec(pattern)?.[1] ?? '' }));
const table = routeTable(services);

/** `a|b-(c|d)` is a, b-c, b-d. */
const expand = (words: string): readonly string[] => words.split(/\|(?![^(]*\))/).flatMap((word) => {
  const [, start, choices] = /^([a-z-]+)\(([^)]*)\)$/.exec(word) ?? [];
  return choices === undefined ? [word] : choices.split('|').map((choice) => `${start}${choice}`);
});

describe('the paths of the proxy', () => {
  it('send every collection to the service that serves it, as the embedded default does', () => {
    for (const path of [...table.keys()].flatMap((collection) => [`/v1/${collection}`, `/v1/${collection}/abc_def/timeline`])) {
      expect([path, matchers.filter(({ pattern }) => pattern.test(path)).map(({ service }) => service)]).toEqual([path, [serviceFor(path, table)]]);
    }
  });

  it('name no collection that nobody serves', () => {
    expect(matchers.flatMap(({ words }) => expand(words)).filter((word) => !word.startsWith('approvals/') && !table.has(word))).toEqual([]);
  });

  it('send an approval to the service whose prefix it has', () => {
    for (const prefix of ['apr', 'aps', 'apt', 'api', 'apn']) {
      const path = `/v1/approvals/${prefix}_${'a'.repeat(34)}/approve`;
      expect(matchers.filter(({ pattern }) => pattern.test(path)).map(({ service }) => service)).toEqual([serviceFor(path, table)]);
    }
  });
});
