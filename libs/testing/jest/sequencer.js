import { createRequire } from 'node:module';

const { default: Sequencer } = createRequire(import.meta.url)('@jest/test-sequencer');

/** Minutes each, of seconds for the others: begun last, they would keep one core waiting for the other. */
const longest = ['apps/footbridge/src/five.spec.ts', 'apps/footbridge/src/cli.spec.ts', 'apps/footbridge/src/demo/journey.spec.ts', 'apps/footbridge/src/isolation.spec.ts', 'apps/footbridge/src/postgres.spec.ts', 'apps/footbridge/src/bad-input.spec.ts'];

/** The longest first, also on a fresh checkout, where jest knows of no durations. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const sorted = super.sort(tests);
    const place = ({ path }) => { const at = longest.findIndex((suite) => path.endsWith(suite)); return at < 0 ? longest.length : at; };
    return [...sorted].sort((a, b) => place(a) - place(b));
  }
}
