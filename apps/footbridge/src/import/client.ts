/** Whether the people of an instance are real ones or a demonstration's (DP-34). */
export type InstanceKind = 'production' | 'demonstration';
/** The column of an export that says which kind of instance wrote it. */
export const INSTANCE = 'footbridge_instance';

/** The API as this folder needs it: an account's signed-in connection, given by the command line. */
export interface Client {
  /** Which instance and whose account, in words: `https://footbridge.example as acc_…`. The journal keeps it, so that a stopped import goes on only where it began. */
  readonly target: string;
  /** Rejects when no answer came, which is tried again, and with `Refusal` where trying again is no use. */
  post(path: string, body: unknown, idempotencyKey: string): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** Absent or unknown: production, which is the stricter. */
  kind?(): Promise<InstanceKind>;
}

export interface Answer {
  readonly status: number;
  /** Parsed JSON, `undefined` where there was none. */
  readonly body: unknown;
  /** The header as it came: seconds or an HTTP date. */
  readonly retryAfter?: string | undefined;
}
