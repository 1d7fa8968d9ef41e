/** Something the operator can mend, said in one line. Whoever runs the command ends it with exit code 2; nothing was changed. */
export class Refusal extends Error {}

/** The system's code of an error (`ENOENT`), empty if it has none. */
export const codeOf = (error: unknown): string => (typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string' ? error.code : '');

export const isMissing = (error: unknown): boolean => codeOf(error) === 'ENOENT';

/** Nothing is lost by a full disk, and another folder would be an empty instance. */
export const isDiskFull = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', '53100'].includes(codeOf(error));
export const diskRefusal = (path: string): Refusal => new Refusal(`The disk of ${path} is full. Make room on it, then start again: nothing that was answered is lost. Keep the data folder as it is.`);

/** What the file system objects to, in words. */
export function folderRefusal(path: string, error: unknown): Refusal {
  if (isDiskFull(error)) return diskRefusal(path);
  const why: Readonly<Record<string, string>> = {
    EACCES: 'this user may not write there', EPERM: 'this user may not write there', EROFS: 'it is read-only',
    ENOTDIR: 'a part of the path is a file', EEXIST: 'it is a file', ENOENT: 'the path does not exist',
  };
  return new Refusal(`The data folder ${path} cannot be used: ${why[codeOf(error)] ?? (codeOf(error) || 'unknown error')}. Set FOOTBRIDGE_DATA to a folder that you may write to.`);
}
