import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';

// Neutral words only: a passer-by who reads the screen, its title or its address learns nothing of what this is about.

const style = `
:root{color-scheme:light dark}
body{font:1.125rem/1.5 system-ui,sans-serif;margin:0;padding:1.5rem;display:grid;place-items:center;min-height:calc(100vh - 3rem);background:#f7f7f5;color:#1b1b1b}
main{width:100%;max-width:26rem}h1{font-size:1.5rem;margin:0 0 1rem}label{display:block;margin:1rem 0 .25rem;font-weight:600}
input{font:inherit;width:100%;box-sizing:border-box;padding:.6rem;border:2px solid #595959;border-radius:.25rem;background:#fff;color:#1b1b1b}
button{font:inherit;min-height:2.75rem;min-width:2.75rem;padding:.6rem 1.25rem;margin:1.25rem .5rem 0 0;border:2px solid #1b4b72;border-radius:.25rem;background:#1b4b72;color:#fff;cursor:pointer}
button.second{background:transparent;color:#1b4b72}input:focus,button:focus{outline:3px solid #b35900;outline-offset:2px}
.error{border-left:.35rem solid #a4161a;padding:.5rem .75rem;background:#fff;color:#7a1013}
@media(prefers-color-scheme:dark){body{background:#1a1a1a;color:#f2f2f2}button.second{color:#a9cdee;border-color:#a9cdee}}
`.trim();
const styleHash = createHash('sha256').update(style).digest('base64');

export const escape = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);

const page = (title: string, main: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escape(title)}</title><style>${style}</style></head><body><main>${main}</main></body></html>`;

export const signInPage = (action: string, failed?: 'wrong' | 'busy', name = ''): string => page('Sign in', `<h1>Sign in</h1>
${failed ? `<p class="error" role="alert" id="error">${failed === 'wrong' ? 'This account and secret do not fit. Check both and try again.' : 'Too many people sign in at this moment. Wait a few seconds and try again.'}</p>` : ''}
<form method="post" action="${escape(action)}"><label for="account">Account</label>
<input id="account" name="account" autocomplete="username" autocapitalize="none" spellcheck="false" required${failed ? ' aria-describedby="error"' : ''} value="${escape(name)}"${name === '' ? ' autofocus' : ''}>
<label for="secret">Secret</label><input id="secret" name="secret" type="password" autocomplete="current-password" required${name === '' ? '' : ' autofocus'}>
<button type="submit" name="step" value="sign-in">Sign in</button><button class="second" type="submit" name="step" value="cancel" formnovalidate>Cancel</button></form>`);

export const continuePage = (action: string, title: string, organisation: string): string => page('Continue', `<h1>Continue?</h1>
<p>You are signed in as <strong>${escape(title)}</strong>, ${escape(organisation)}.</p>
<form method="post" action="${escape(action)}"><button type="submit" name="step" value="continue" autofocus>Continue</button><button class="second" type="submit" name="step" value="cancel">Cancel</button></form>`);

export const messagePage = (title: string, text: string): string => page(title, `<h1>${escape(title)}</h1><p>${escape(text)}</p>`);

/** `form` is the provider's own hidden form. */
export const signOutPage = (form: string): string => page('Sign out', `<h1>Sign out?</h1>${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes" autofocus>Sign out</button><button class="second" type="submit" form="op.logoutForm">Stay signed in</button>`);

/** Where a form may lead: this place, and the address that the sign-in was asked for by. */
export const pageHeaders = (formTarget = ''): Readonly<Record<string, string>> => ({
  'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; form-action 'self'${formTarget === '' ? '' : ` ${formTarget}`}; base-uri 'none'; frame-ancestors 'none'`,
});

export function showPage(response: ServerResponse, status: number, html: string, formTarget?: string): void {
  response.writeHead(status, { ...pageHeaders(formTarget), 'content-length': Buffer.byteLength(html) });
  response.end(html);
}
