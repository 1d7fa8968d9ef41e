/** Every problem of the HTTP API (RFC 9457): its status, its title, and what to do now. The page at `/problems/<code>` is made from this. */
export const problems = {
  'malformed-body': { status: 400, title: 'The body cannot be read', doNow: 'Send one JSON object in UTF-8 with content-type application/json.' },
  'not-signed-in': { status: 401, title: 'You are not signed in', doNow: 'Send an access token of this instance in the header Authorization: Bearer; one that is bound to your key with Authorization: DPoP, and a new proof with each request.' },
  'token-expired': { status: 401, title: 'Your session has ended', doNow: 'Get a new access token and send the request again.' },
  'step-up-required': { status: 401, title: 'Sign in again for this', doNow: 'Sign in once more (max_age) and send the request again with the new token: this is asked before data of people are read.' },
  'role-not-allowed': { status: 403, title: 'Your role may not do this', doNow: 'Ask a colleague who has one of the roles named.' },
  'not-found': { status: 404, title: 'Nothing here', doNow: 'Check the address; what you look for does not exist or is not yours to see.' },
  'transition-not-allowed': { status: 409, title: 'Not possible in this state', doNow: 'Look at the state again; the states that allow this command are named.' },
  'guard-refused': { status: 409, title: 'A rule stands against this', doNow: 'See to each rule that is named, then send the command again.' },
  'consent-required': { status: 409, title: 'Consent is missing', doNow: 'Ask the person for consent that names this recipient, purpose and data, then try again.' },
  'stale-version': { status: 412, title: 'Somebody changed this before you', doNow: 'Read it again and repeat the change on the new version.' },
  'version-required': { status: 428, title: 'The version is missing', doNow: 'Send If-Match with the ETag that you read.' },
  'body-too-large': { status: 413, title: 'The body is too large', doNow: 'Send less than the limit.' },
  'validation-failed': { status: 422, title: 'Some fields are not right', doNow: 'Mend each field that is named and send it again.' },
  'idempotency-key-reused': { status: 422, title: 'This key was used for another request', doNow: 'Use a new Idempotency-Key for a new request.' },
  'idempotency-in-progress': { status: 409, title: 'The first request with this key is still running', doNow: 'Wait a moment and send the same request again.' },
  'privacy-refused': { status: 409, title: 'Refused to protect somebody', doNow: 'Nothing left this service, and nothing was changed. Take names, numbers and addresses out of what you sent, and try again; if it stays, tell the operator the reason and the requestId.' },
  'too-many-requests': { status: 429, title: 'Too many requests', doNow: 'Wait as long as Retry-After says.' },
  'looks-used-up': { status: 429, title: 'You have looked at many people in this hour', doNow: 'Go on after the time in Retry-After. For an export of many cases, ask for it (POST /v1/exports): a second person allows it.' },
  'unsupported-media-type': { status: 415, title: 'This kind of content is not read here', doNow: 'Send application/json.' },
  'service-unavailable': { status: 503, title: 'Not available at this moment', doNow: 'Try again after the time in Retry-After; nothing was changed.' },
  'keys-locked': { status: 503, title: 'Your organisation has locked its keys', doNow: 'Nothing was changed. Two persons of your organisation, SUPERVISOR or DPO, unlock them; what needs no personal data goes on.' },
  'keys-unavailable': { status: 503, title: 'The key to this does not open it', doNow: 'Nothing was changed and nothing is lost, but waiting does not help: tell your administrator the requestId. Whoever runs this instance puts the key right (npm run footbridge -- doctor says which).' },
  'clocks-differ': { status: 503, title: 'Two clocks differ', doNow: 'Nothing was changed. Your token is refused because the clocks of the sign-in server and of this service differ, so a new one does not help: tell your administrator. Whoever runs this instance sets both by a time server.' },
  'internal-error': { status: 500, title: 'Something went wrong here', doNow: 'Nothing was changed. Try again; if it stays, tell the operator the requestId.' },
} as const;
export type ProblemCode = keyof typeof problems;

/** A refusal that a caller understands. `members` never hold a value that the caller sent. */
export class Problem extends Error {
  constructor(readonly code: ProblemCode, readonly members: Readonly<Record<string, unknown>> = {}, readonly headers: Readonly<Record<string, string>> = {}) { super(code); }
  get status(): number { return problems[this.code].status; }
  body(requestId: string): Record<string, unknown> {
    const { status, title, doNow } = problems[this.code];
    return { type: `/problems/${this.code}`, title, status, detail: doNow, code: this.code, requestId, ...this.members };
  }
}
