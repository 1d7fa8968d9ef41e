/** C0 to C4 of the design, PU to DI of the domain reference. Whatever has no class is treated as `direct`. */
export const dataClasses = ['open', 'operational', 'quasi', 'special', 'direct'] as const;
export type DataClass = (typeof dataClasses)[number];

/** Classes whose values exist only as `Sealed`. */
export type PersonalClass = 'quasi' | 'special' | 'direct';

export const isPersonalClass = (text: unknown): text is PersonalClass => text === 'quasi' || text === 'special' || text === 'direct';
