import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { ServerResponse } from 'node:http';

const page = '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>API reference</title><link rel="stylesheet" href="/docs/swagger-ui.css"></head><body><main id="reference"></main><script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body></html>';
// No address outside is ever asked: neither a validator nor fonts, so the page works without a network
const start = "window.addEventListener('load', function () { SwaggerUIBundle({ url: '/openapi.json', dom_id: '#reference', deepLinking: true, validatorUrl: null, docExpansion: 'none', persistAuthorization: false }); });";
const files: Readonly<Record<string, string>> = { 'swagger-ui.css': 'text/css; charset=utf-8', 'swagger-ui-bundle.js': 'text/javascript; charset=utf-8' };
const security = { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'content-security-policy': "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'" };

/** The API reference, from files that npm installed. Says whether there was such a page. */
export async function showDocs(path: string, response: ServerResponse): Promise<boolean> {
  const name = path.slice('/docs/'.length);
  if (path === '/docs' || path === '/docs/') { answer(response, 'text/html; charset=utf-8', Buffer.from(page)); return true; }
  if (name === 'start.js') { answer(response, 'text/javascript; charset=utf-8', Buffer.from(start)); return true; }
  const type = files[name];
  if (type === undefined) return false;
  answer(response, type, await readFile(join(dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json')), name)));
  return true;
}

function answer(response: ServerResponse, type: string, body: Buffer): void {
  response.writeHead(200, { ...security, 'content-type': type, 'content-length': body.length, 'cache-control': 'public, max-age=3600' });
  response.end(body);
}
