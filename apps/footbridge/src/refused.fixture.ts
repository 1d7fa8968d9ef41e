import { request } from 'node:http';
import { problems, type ProblemCode } from '@footbridge/service';

export interface RawAnswer { readonly status: number; readonly headers: Readonly<Record<string, string | undefined>>; readonly text: string }
export interface RawRequest { readonly method?: string; readonly path: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: string | Buffer }

/** A request as it is, byte by byte: `fetch` mends what these tests want to send broken. */
export function raw(url: string, { method = 'GET', path, headers = {}, body }: RawRequest): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, agent: false, headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => { resolve({ status: answer.statusCode ?? 0, headers: Object.fromEntries(Object.entries(answer.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value])), text: Buffer.concat(chunks).toString('utf8') }); });
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** No person and no code: whatever it is found in repeats what was sent. */
export const planted = 'Qxzwvut9871';

/** Everything that a problem must be (RFC 9457, api.md), and that it repeats nothing that was sent. Returns its members. */
export function problem({ status, headers, text }: RawAnswer, code: ProblemCode): Readonly<Record<string, unknown>> {
  const body = JSON.parse(text === '' ? '{}' : text) as Record<string, unknown>;
  expect({ status, code: body['code'] }).toEqual({ status: problems[code].status, code });
  expect(headers['content-type']).toBe('application/problem+json; charset=utf-8');
  expect(headers['cache-control']).toBe('no-store');
  expect(body).toMatchObject({ type: `/problems/${code}`, title: problems[code].title, status, detail: problems[code].doNow, requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown });
  expect(headers['x-request-id'] ?? body['requestId']).toBe(body['requestId']);
  expect(`${JSON.stringify(headers)}${text}`.toLowerCase()).not.toContain(planted.toLowerCase());
  expect(text).not.toMatch(/node_modules|\bat .*:\d+:\d+|Error:/);
  return body;
}
