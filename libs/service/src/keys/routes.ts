import { Controller, Get, Inject, Query, Req, type Type } from '@nestjs/common';
import { isRef } from '@footbridge/privacy';
import { Action } from '../action.js';
import { Problem } from '../problem.js';
import type { SignedRequest } from '../routes.js';
import type { Running } from '../service.js';

/** How the own organisation's keys stand in one service: versions and numbers, never a key. */
export function KeysController(service: string): Type<object> {
  @Controller('v1')
  class Keys {
    constructor(@Inject('RUNNING') private readonly running: Running) {}

    @Action('keys.list', ['DPO', 'PARTNER_ADMIN', 'SUPERVISOR']) @Get(`${service}-keys`) async keys(@Req() request: SignedRequest): Promise<object> {
      const { organisation } = request.principal;
      const { rows } = await this.running.pool.query<{ version: number | null; cases: string }>('select key_version as version, count(*) as cases from subject_key where owner = $1 group by 1 order by 1', [organisation]);
      const { rows: [told] } = await this.running.pool.query<{ wanted: number; rewrapped: number; destroyed: number }>('select wanted, rewrapped, destroyed from organisation_key where organisation = $1', [organisation]);
      const { keyStore } = this.running.config;
      const known = await keyStore.versions(organisation);
      return {
        service, current: known?.current ?? null, kept: known?.kept ?? [], locked: this.running.engine.store.keys.isLocked(organisation) || await keyStore.isLocked(organisation),
        wrapped: rows.map(({ version, cases }) => ({ version, cases: Number(cases) })), rewrapped: told === undefined || told.rewrapped >= told.wanted,
      };
    }

    /** What was destroyed here of the own organisation's cases, signed; with the keys that it is verified with. */
    @Action('erasure-receipts.list', ['DPO']) @Get(`${service}-erasure-receipts`) async receipts(@Req() request: SignedRequest, @Query('case') of: unknown): Promise<object> {
      if (of !== undefined && !isRef(of, 'cas')) throw new Problem('validation-failed', { errors: [{ pointer: '/case', code: 'reference', detail: 'Send a reference that your organisation holds.' }] });
      const { rows } = await this.running.pool.query<{ receipt: object }>('select receipt from erasure_receipt where owner = $1 and receipt is not null and ($2::text is null or case_of_owner = $2) order by erased_at desc, case_ref limit 200', [request.principal.organisation, of ?? null]);
      return { items: rows.map(({ receipt }) => receipt), keys: await this.running.config.signingKeys.verifyingKeys(`service-${service}`) };
    }
  }
  return Keys as Type<object>;
}
