import { isDeepStrictEqual } from 'node:util';

export interface Reply { readonly status: number; readonly headers: Headers; readonly body: Readonly<Record<string, unknown>> }
/** One account, and what it can do: send requests. */
export interface Caller {
  readonly organisation: string;
  readonly subject: string;
  post(path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  patch(path: string, body: unknown, version: unknown): Promise<Reply>;
  get(path: string): Promise<Reply>;
}
/** An instance as a story sees it: accounts by their desk (`lantern.intake`), and time that can be moved. */
export interface World {
  as(desk: string): Caller;
  organisation(key: string): string;
  advance(milliseconds: number): Promise<void>;
  now(): Date;
  /** Told in words where people read along. */
  tell(line: string): void;
}

/** A step of a story did not hold. Says what was seen as status and codes, never as values. */
export class NotSeen extends Error {}

/** The answer must have this status; otherwise the story stops here. */
export function must(reply: Reply, status: number, what: string): Reply['body'] {
  if (reply.status === status) return reply.body;
  const { code, guards, errors, allowedFrom, roles, state } = reply.body;
  throw new NotSeen(`${what}: ${reply.status} ${JSON.stringify({ code, guards, errors, allowedFrom, roles, state })}`);
}
export const idOf = (body: Reply['body']): string => String(body['id']);

/** How long a story waits for news; longer where processes are ended on the way. */
export const patience = { within: 20_000 };
/** Waits until something is so; stories wait for events this way. */
export async function until<T>(what: string, look: () => Promise<T | undefined | false>, within = patience.within): Promise<T> {
  for (const end = Date.now() + within; ;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > end) throw new NotSeen(`${what}: not within ${within / 1000} s`);
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}
/** Waits until an aggregate is in this state for this caller. */
export const reaches = (caller: Caller, path: string, state: string): Promise<Reply['body']> =>
  until(`${path.replace(/[a-z]{3}_[a-z2-7]{34}/g, '…')} ${state}`, async () => { const { status, body } = await caller.get(path); return status === 200 && body['state'] === state && body; });
/** Tries again while the answer says that news is still on its way (Retry-After). */
export async function soon(send: () => Promise<Reply>, within = patience.within): Promise<Reply> {
  for (const end = Date.now() + within; ;) {
    const reply = await send();
    if (!reply.headers.has('retry-after') || Date.now() > end) return reply;
    await new Promise((resolve) => { setTimeout(resolve, 150); });
  }
}
export function same(seen: unknown, wanted: unknown, what: string): void {
  if (!isDeepStrictEqual(seen, wanted)) throw new NotSeen(`${what}: ${JSON.stringify(seen)} instead of ${JSON.stringify(wanted)}`);
}
