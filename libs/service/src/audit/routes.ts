import { Controller, Get, HttpCode, Inject, Post, Query, Req, type Type } from '@nestjs/common';
import { Service, auditRootKept, auditRootSigned, type Role } from '@footbridge/contracts';
import { auditSigner, digestOf, isRef } from '@footbridge/privacy';
import { Action, EVERYBODY } from '../action.js';
import { Engine } from '../engine.js';
import { Problem } from '../problem.js';
import { handlersOf } from '../projections.js';
import type { SignedRequest } from '../routes.js';
import type { Running } from '../service.js';
import { accessesOf } from './accesses.js';
import { AuditProofsController } from './proofs.js';
import { AuditSequencer } from './sequencer.js';

interface RootRow { readonly number: number; readonly size: string; readonly root: string; readonly chain: string; readonly at: string; readonly previous: string; readonly digest: string; readonly key: string; readonly signature: string }

/** How long a log is tells how busy a service was (G11): for who runs the servers and who watches over them. */
const auditors: readonly Role[] = ['OPERATOR', 'DPO'];
const PAGE = 100;

function AuditRootsController(service: Service): Type<object> {
  @Controller(`v1/${service}-audit-roots`)
  class AuditRoots {
    constructor(@Inject('RUNNING') private readonly running: Running, @Inject(AuditSequencer) private readonly sequencer: AuditSequencer) {}

    @Action('audit-roots.list', EVERYBODY) @Get() async list(@Query('before') before: unknown, @Req() { principal }: SignedRequest): Promise<object> {
      if (before !== undefined && (typeof before !== 'string' || !/^[1-9]\d{0,8}$/.test(before))) throw new Problem('validation-failed', { errors: [{ pointer: '/before', code: 'before', detail: 'Send the number of a root.' }] });
      const all = principal.roles.some((role) => auditors.includes(role));
      // Between the full hours there is a root only where somebody worked: everybody else has the hour's own, which the network is told of.
      const { rows } = await this.running.pool.query<RootRow>(`select number, size, encode(root, 'hex') as root, encode(chain, 'hex') as chain, at, encode(previous, 'hex') as previous, encode(digest, 'hex') as digest, key, signature
        from audit_root r where number < coalesce($1::integer, 2147483647) and ($2 or number = (select min(f.number) from audit_root f where f.at = r.at)) order by number desc limit ${PAGE}`, [before ?? null, all]);
      return {
        service, keys: await this.running.config.signingKeys.verifyingKeys(auditSigner(service)),
        items: rows.map(({ number, at, digest, key, signature, size, root, chain, previous }) => ({ number, at, digest, key, signature, ...(all ? { size: Number(size), root, chain, previous } : {}) })),
        next: rows.length === PAGE ? rows.at(-1)?.number ?? null : null,
      };
    }

    @Action('audit-roots.sign', ['OPERATOR']) @Post() @HttpCode(201) async sign(): Promise<object> {
      const root = await this.sequencer.sign('now');
      if (!root) throw new Problem('service-unavailable', {}, { 'retry-after': '2' });
      return { service, number: root.number, size: root.size, at: root.at, digest: digestOf(root).toString('hex') };
    }
  }
  return AuditRoots as Type<object>;
}

/** What is kept of a case outside `referrals`; there it stands beside the case (`/v1/cases/{id}/accesses`). */
function AccessesController(service: Service): Type<object> {
  @Controller(`v1/${service}-accesses`)
  class Accesses {
    constructor(@Inject(Engine) private readonly engine: Engine) {}
    @Action('accesses.list', EVERYBODY) @Get() async list(@Query('caseId') caseId: unknown, @Req() { principal }: SignedRequest): Promise<object> {
      if (!isRef(caseId, 'cas')) throw new Problem('validation-failed', { errors: [{ pointer: '/caseId', code: 'caseId', detail: 'Send the reference that your organisation holds for the case.' }] });
      const caseRef = (await this.engine.store.resolve(principal.organisation, [caseId])).get(caseId);
      if (caseRef === undefined) throw new Problem('not-found');
      return { items: await accessesOf(this.engine, principal, caseRef) };
    }
  }
  return Accesses as Type<object>;
}

/** Each service keeps the roots of the others: none of their databases can be set back alone and unnoticed (design 4.2). */
const witness = (service: Service): Type<object> => handlersOf('AuditWitness', Service.values.filter((other) => other !== service).flatMap((other) => [auditRootSigned[other], auditRootKept[other]].map(({ type }) => ({
  type,
  handle: async ({ data, version, time }, context) => {
    await context.once('AuditWitness', async (tx) => {
      await tx.query("insert into known_audit_root (service, number, digest, signature, at) values ($1, $2, decode($3, 'hex'), $4, $5) on conflict do nothing", [other, version, data['digest'], Buffer.from(String(data['signature']), 'hex').toString('base64url'), `${time.slice(0, 13)}:00:00Z`]);
    });
  },
}))));

export const auditControllers = (service: Service): readonly Type<object>[] => [AuditRootsController(service), AuditProofsController(service), ...(service === 'referrals' ? [] : [AccessesController(service)]), witness(service)];
