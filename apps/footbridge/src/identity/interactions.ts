import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Provider } from 'oidc-provider';
import type { Accounts } from './accounts.js';
import { continuePage, messagePage, showPage, signInPage } from './pages.js';
import { Busy } from './secret.js';

type Interaction = Awaited<ReturnType<Provider['interactionDetails']>>;
const longestForm = 4_096;
const denied = { error: 'access_denied', error_description: 'cancelled' };

/** The two pages that a person sees: who are you, and go on? Says whether the request was for one of them. */
export function interactions(provider: Provider, accounts: Accounts, path: string): (request: IncomingMessage, response: ServerResponse) => boolean {
  const address = new RegExp(`^${path}/interaction/[A-Za-z0-9_-]{1,64}$`);
  return (request, response) => {
    if (!address.test(request.url ?? '')) return false;
    answer(provider, accounts, request, response).catch(() => {
      if (!response.headersSent) showPage(response, 400, messagePage('This did not work', 'The page was open for too long. Go back to where you came from and start again.'));
    });
    return true;
  };
}

async function answer(provider: Provider, accounts: Accounts, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const interaction = await provider.interactionDetails(request, response);
  const here = request.url ?? '';
  const target = originOf(interaction.params['redirect_uri']);
  if (request.method === 'GET' || request.method === 'HEAD') { await ask(accounts, interaction, here, target, response); return; }
  if (request.method !== 'POST') { response.writeHead(405, { allow: 'GET, POST', 'content-length': 0 }).end(); return; }
  const form = await readForm(request);
  const step = form.get('step');
  if (step === 'cancel') { await provider.interactionFinished(request, response, denied, { mergeWithLastSubmission: false }); return; }
  if (interaction.prompt.name === 'login' && step === 'sign-in') { await signIn(provider, accounts, request, response, form, target); return; }
  if (interaction.prompt.name === 'consent' && step === 'continue') { await goOn(provider, interaction, request, response); return; }
  await ask(accounts, interaction, here, target, response);
}

async function ask(accounts: Accounts, { prompt, session }: Interaction, here: string, target: string, response: ServerResponse): Promise<void> {
  if (prompt.name === 'login') { showPage(response, 200, signInPage(here), target); return; }
  const account = session && await accounts.active(session.accountId);
  if (!account) throw new Error('no session');
  showPage(response, 200, continuePage(here, account.title, account.organisationName), target);
}

async function signIn(provider: Provider, accounts: Accounts, request: IncomingMessage, response: ServerResponse, form: URLSearchParams, target: string): Promise<void> {
  const here = request.url ?? '';
  const name = (form.get('account') ?? '').trim().slice(0, 200);
  try {
    const account = await accounts.signIn(name, form.get('secret') ?? '');
    if (account) { await provider.interactionFinished(request, response, { login: { accountId: account.id, remember: false, amr: ['pwd'] } }, { mergeWithLastSubmission: false }); return; }
    showPage(response, 401, signInPage(here, 'wrong', name), target);
  } catch (error) {
    if (!(error instanceof Busy)) throw error;
    showPage(response, 503, signInPage(here, 'busy', name), target);
  }
}

async function goOn(provider: Provider, interaction: Interaction, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const accountId = interaction.session?.accountId;
  const clientId = interaction.params['client_id'];
  if (accountId === undefined || typeof clientId !== 'string') throw new Error('no session');
  const grant = (interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId)) ?? new provider.Grant({ accountId, clientId });
  const { missingOIDCScope, missingResourceScopes } = interaction.prompt.details;
  if (Array.isArray(missingOIDCScope)) grant.addOIDCScope(missingOIDCScope.join(' '));
  if (typeof missingResourceScopes === 'object' && missingResourceScopes !== null) {
    for (const [resource, scopes] of Object.entries(missingResourceScopes)) if (Array.isArray(scopes)) grant.addResourceScope(resource, scopes.join(' '));
  }
  await provider.interactionFinished(request, response, { consent: { grantId: await grant.save() } }, { mergeWithLastSubmission: true });
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    if (!Buffer.isBuffer(chunk)) continue;
    length += chunk.length;
    if (length > longestForm) throw new Error('form too long');
    chunks.push(chunk);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}

function originOf(redirect: unknown): string {
  return typeof redirect === 'string' && URL.canParse(redirect) ? new URL(redirect).origin : '';
}
