import { Controller, Get, Inject, Query, Req, type Type } from '@nestjs/common';
import type { Role, Service } from '@footbridge/contracts';
import { MerkleTree, auditSigner, isRef, shownRoot, type ShownEntry, type ShownRoot, type SignedRoot } from '@footbridge/privacy';
import { Action } from '../action.js';
import { Engine } from '../engine.js';
import { Problem } from '../problem.js';
import type { SignedRequest } from '../routes.js';
import type { Running } from '../service.js';

interface RootRow { readonly number: number; readonly size: string; readonly root: Buffer; readonly chain: Buffer; readonly at: string; readonly previous: Buffer; readonly key: string; readonly signature: string }

/** A proof says how long the log is, and so how busy a service was (G11): who answers for data protection gets it, and who runs the servers. */
const provers: readonly Role[] = ['DPO'];
const auditors: readonly Role[] = ['OPERATOR', 'DPO'];
const MOST = 200;
/** What another service named has no entries here. */
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Proofs after RFC 6962 against a root that somebody else has witnessed: that an entry stands in the log word for word, and that a later log has
 * grown out of an earlier one. Whoever checks them needs nothing of this service but its public key (`isEntryIn`, `isGrownFrom`).
 */
export function AuditProofsController(service: Service): Type<object> {
  @Controller(`v1/${service}-audit-roots`)
  class AuditProofs {
    /** One tree at a time is in memory. */
    #last: Promise<unknown> = Promise.resolve();
    constructor(@Inject('RUNNING') private readonly running: Running, @Inject(Engine) private readonly engine: Engine) {}

    /** The own organisation's entries about one thing, in the newest root or in the one that is named. */
    @Action('audit-roots.prove', provers) @Get('inclusion') async inclusion(@Query('about') about: unknown, @Query('root') digest: unknown, @Req() { principal }: SignedRequest): Promise<object> {
      if (!isRef(about)) throw invalid('about', 'Send a reference that your organisation holds.');
      const aggregate = (await this.engine.store.resolve(principal.organisation, [about])).get(about);
      const root = await this.#root(digest, 'root');
      if (aggregate === undefined || !UUID.test(aggregate)) throw new Problem('not-found');
      // Whose the record was when it was written; what another organisation did with its own is proven to that one.
      const found = await this.engine.store.readAs<{ index: number; entry: ShownEntry['entry'] }>(principal.organisation,
        `select json_build_object('index', l.index, 'entry', row_to_json(a)) from audit a join audit_leaf l on l.position = a.position where a.aggregate = ($1->>0)::uuid and a.organisations[1] = ($1->>1) and l.index < ($1->>2)::bigint order by l.index desc limit ${MOST}`,
        [aggregate, principal.organisation, root.size]);
      const tree = found.length === 0 ? undefined : await this.#tree(root.size);
      return { service, root, keys: await this.#keys(), items: found.map(({ index, entry }): ShownEntry => ({ entry, index, proof: hex(tree?.inclusionProof(index)) })) };
    }

    @Action('audit-roots.compare', auditors) @Get('consistency') async consistency(@Query('from') from: unknown, @Query('to') to: unknown): Promise<object> {
      if (from === undefined) throw invalid('from', 'Send the digest of a root that you were told.');
      const [earlier, later] = [await this.#root(from, 'from'), await this.#root(to, 'to')];
      if (earlier.number > later.number) throw invalid('from', 'Send the digest of the earlier root as from.');
      const proof = earlier.size === 0 || earlier.size === later.size ? [] : hex((await this.#tree(later.size)).consistencyProof(earlier.size));
      return { service, from: earlier, to: later, keys: await this.#keys(), proof };
    }

    /** By its digest, as witnesses keep it; the newest where none is named. One that is not there was never signed here, or was taken away: look with `audit verify`. */
    async #root(digest: unknown, name: string): Promise<ShownRoot> {
      if (digest !== undefined && (typeof digest !== 'string' || !DIGEST.test(digest))) throw invalid(name, 'Send the digest of a root: 64 digits and letters from a to f.');
      const { rows: [found] } = await this.running.pool.query<RootRow>("select number, size, root, chain, at, previous, key, signature from audit_root where $1::text is null or digest = decode($1, 'hex') order by number desc limit 1", [digest ?? null]);
      if (!found) throw new Problem('not-found');
      const { number, size, root, chain, at, previous, key, signature } = found;
      return shownRoot({ service, number, size: Number(size), root, chain, at, previous, signature: { key, signature } } satisfies SignedRoot);
    }
    #keys(): Promise<readonly object[]> { return this.running.config.signingKeys.verifyingKeys(auditSigner(service)); }

    #tree(size: number): Promise<MerkleTree> {
      const next = this.#last.catch(() => undefined).then(async () => {
        const { rows: [read] } = await this.running.pool.query<{ leaves: Buffer | null }>("select string_agg(leaf, ''::bytea order by index) as leaves from audit_leaf where index < $1", [size]);
        const leaves = read?.leaves ?? Buffer.alloc(0);
        return MerkleTree.grown(Array.from({ length: leaves.length / 32 }, (_, n) => leaves.subarray(32 * n, 32 * (n + 1))));
      });
      this.#last = next;
      return next;
    }
  }
  return AuditProofs as Type<object>;
}

const hex = (hashes: readonly Buffer[] = []): readonly string[] => hashes.map((hash) => hash.toString('hex'));
const invalid = (name: string, detail: string): Problem => new Problem('validation-failed', { errors: [{ pointer: `/${name}`, code: name, detail }] });
