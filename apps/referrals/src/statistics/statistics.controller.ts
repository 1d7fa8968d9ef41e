import { createHash } from 'node:crypto';
import { ledgerFile, type Spent } from '@footbridge/privacy';
import { Problem, Public, type ExtraRoute, type Running } from '@footbridge/service';
import { Controller, Get, Headers, Inject, Param, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';

const A_YEAR = 'public, max-age=31536000, immutable';
const FIVE_MINUTES = 'public, max-age=300';
const JSON_TYPE = 'application/json; charset=utf-8';
const CSV_TYPE = 'text/csv; charset=utf-8';

/** What is preferred, in the order in which it is named; JSON where nobody says. */
const wantsCsv = (accept = ''): boolean => {
  const [csv, json] = [accept.indexOf('text/csv'), accept.indexOf('application/json')];
  return csv >= 0 && (json < 0 || csv < json);
};

/** Published statistics: for everybody, without signing in, the same bytes for ever. Nothing is counted here, and nothing can be asked (S-3). */
@Controller('v1/statistics')
export class StatisticsController {
  constructor(@Inject('RUNNING') private readonly running: Running) {}

  @Public() @Get() async list(@Headers('if-none-match') known: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { rows } = await this.running.pool.query<Spent>('select family, cube_version as "cubeVersion", period, epsilon_thousandths as "epsilonThousandths" from statistics_ledger order by position');
    return show(reply, ledgerFile(this.running.gate, rows).bytes().toString('utf8'), JSON_TYPE, FIVE_MINUTES, known);
  }

  @Public() @Get(':period') async read(@Param('period') period: string, @Headers('accept') accept: string | undefined, @Headers('if-none-match') known: string | undefined, @Res({ passthrough: true }) reply: FastifyReply): Promise<string> {
    const { rows: [release] } = /^20[2-9]\d$/.test(period) ? await this.running.pool.query<{ json: string; csv: string }>('select json, csv from statistics_release where period = $1', [period]) : { rows: [] };
    if (!release) throw new Problem('not-found');
    void reply.header('vary', 'accept');
    return wantsCsv(accept) ? show(reply, release.csv, CSV_TYPE, A_YEAR, known) : show(reply, release.json, JSON_TYPE, A_YEAR, known);
  }
}

function show(reply: FastifyReply, text: string, type: string, cache: string, known: string | undefined): string {
  const etag = `"${createHash('sha256').update(text).digest('hex')}"`;
  void reply.header('etag', etag).header('cache-control', cache).header('content-type', type);
  if (known !== etag) return text;
  void reply.status(304);
  return '';
}

export const statisticsRoutes: readonly ExtraRoute[] = [
  { method: 'get', path: '/v1/statistics', tag: 'Statistics', open: true, summary: 'Years that are published, and the public privacy budget. Open to everybody' },
  { method: 'get', path: '/v1/statistics/{period}', tag: 'Statistics', open: true, summary: "A year's anonymised statistics (2025): JSON, or CSV by `Accept: text/csv`; the same bytes for ever. Open to everybody" },
];
