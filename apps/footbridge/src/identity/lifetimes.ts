/** How long what somebody signed in with is good: a token, and the session or refresh token behind it. */
export const lifetimes = { accessMinutes: 10, sessionMinutes: 8 * 60 } as const;
