import type { Read } from '@footbridge/lifecycle';
import type { ReturnCaseRow } from './return-case.entity.js';
import { ReturnCase } from './return-case.lifecycle.js';

/** The return that a reception is for. */
export const returnOf = (read: Read, id: string | undefined): Promise<ReturnCaseRow | undefined> => (id === undefined ? Promise.resolve(undefined) : read.one(ReturnCase, { id }));
