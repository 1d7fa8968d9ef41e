export interface MechanismAudit {
  readonly draws: number;
  /** How much more likely one neighbour makes an outcome than the other, as a logarithm: the worst that chance does not explain. */
  readonly worst: number;
  /** Share of outcomes that only one of the neighbours ever gave, though the other had to, if the promise held. */
  readonly unmatched: number;
  readonly holds: boolean;
}

/** So many standard deviations are chance: one audit in some hundred thousand cries wolf. */
const SURE = 5;
/** Seen so often on one side, it would have been seen on the other. */
const OFTEN = 40;

/**
 * Runs a mechanism on two inputs that differ by one person and looks for an outcome that tells them apart better than epsilon allows.
 * It finds mistakes; that there is none it cannot show.
 */
export function auditMechanism<T>(mechanism: (input: T) => bigint | number | string, epsilon: number, { neighbours, draws = 200_000 }: { readonly neighbours: readonly [T, T]; readonly draws?: number }): MechanismAudit {
  const [here, there] = neighbours.map((input) => {
    const seen = new Map<bigint | number | string, number>();
    for (let i = 0; i < draws; i += 1) { const outcome = mechanism(input); seen.set(outcome, (seen.get(outcome) ?? 0) + 1); }
    return seen;
  }) as [Map<bigint | number | string, number>, Map<bigint | number | string, number>];

  let worst = 0;
  const compare = (a: number, b: number): void => {
    if (a > 0 && b > 0) worst = Math.max(worst, Math.abs(Math.log(a / b)) - SURE * Math.sqrt(1 / a + 1 / b));
  };
  const outcomes = [...new Set([...here.keys(), ...there.keys()])];
  let [lonely, rare] = [0, 0];
  for (const outcome of outcomes) {
    const [a, b] = [here.get(outcome) ?? 0, there.get(outcome) ?? 0];
    compare(a, b);
    if (a > 0 && b > 0) continue;
    if (a + b >= OFTEN * Math.exp(epsilon)) lonely += a + b;
    // Outcomes that hardly repeat tell by how many of them there are on one side only.
    rare += a + b;
  }
  // Tails: what single outcomes are too rare to show.
  let [belowHere, belowThere] = [0, 0];
  for (const outcome of outcomes.sort((x, y) => Number(x) - Number(y))) {
    belowHere += here.get(outcome) ?? 0;
    belowThere += there.get(outcome) ?? 0;
    compare(belowHere, belowThere);
    compare(draws - belowHere, draws - belowThere);
  }
  const scattered = rare / (2 * draws);
  const unmatched = Math.max(lonely / (2 * draws), scattered > 0.5 ? scattered : 0);
  return { draws, worst, unmatched, holds: worst <= epsilon && unmatched === 0 };
}

/** Random bytes that are the same for the same seed (sfc32): for audits that must not depend on luck. Never for a release. */
export function seededBytes(seed: number): (bytes: number) => Uint8Array {
  let [a, b, c, d] = [0x9e3779b9, 0x243f6a88, 0xb7e15162, seed | 0];
  const next = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t & 0xff;
  };
  for (let i = 0; i < 20; i += 1) next();
  return (bytes) => {
    const out = new Uint8Array(bytes);
    for (let i = 0; i < bytes; i += 1) out[i] = next();
    return out;
  };
}
