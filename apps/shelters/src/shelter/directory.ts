import type { ServiceProfile } from '@footbridge/contracts';
import type { Read } from '@footbridge/lifecycle';
import type { Asked } from '../bed-request/bed-request.entity.js';

/** Which of these public references are shelters that take people in. The function `directory()` shows what is public and nothing else. */
export async function openShelters(read: Read, references: unknown): Promise<readonly Asked[]> {
  if (!Array.isArray(references)) return [];
  return read.sql<Asked>(`select jsonb_build_object('shelter', d.shelter, 'owner', d.owner) from directory() d where d.reference in (select jsonb_array_elements_text($1->0))`, [[...new Set(references)]]);
}

/** A line of the directory: supply, in bands as last published, never a number and never a place. */
export interface DirectoryLine {
  readonly shelter: string; readonly organisation: string; readonly publicName: string; readonly country: string; readonly region: string;
  readonly profiles: readonly ServiceProfile[]; readonly languages: readonly string[]; readonly admissions: 'open' | 'limited'; readonly limitedTo?: readonly ServiceProfile[];
  readonly bands: Readonly<Record<string, string>>;
}
