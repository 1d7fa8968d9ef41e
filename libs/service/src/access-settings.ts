import { WrongSetting } from './main.js';

/** What narrows access besides the tables (docs/operating.md). */
export interface AccessSettings {
  /** A folder with more `*.cedar` files, which may forbid and nothing else. */
  readonly policies?: string;
  /** Sealed fields are read by who signed in within these minutes. */
  readonly stepUpMinutes: number;
  /** Whether a token that does not say when its holder signed in (`auth_time`) is taken as good. */
  readonly signInUnknown: 'refused' | 'accepted';
  /** How many people an account may look at in one hour, in one service. */
  readonly looksPerHour: number;
}
export const accessDefaults: AccessSettings = { stepUpMinutes: 15, signInUnknown: 'refused', looksPerHour: 30 };

/** @throws WrongSetting */
export function accessSettings(environment: Readonly<Record<string, string | undefined>>): AccessSettings {
  const whole = (name: string, preset: number, most: number): number => {
    const text = environment[name];
    const number = text ? Number(text) : preset;
    if (!Number.isInteger(number) || number < 1 || number > most) throw new WrongSetting(`${name} must be a whole number from 1 to ${most}.`);
    return number;
  };
  const unknown = environment['FOOTBRIDGE_SIGN_IN_UNKNOWN'] || accessDefaults.signInUnknown;
  if (unknown !== 'refused' && unknown !== 'accepted') throw new WrongSetting('FOOTBRIDGE_SIGN_IN_UNKNOWN must be refused or accepted.');
  const policies = environment['FOOTBRIDGE_POLICIES'];
  return {
    ...(policies ? { policies } : {}), signInUnknown: unknown,
    stepUpMinutes: whole('FOOTBRIDGE_STEP_UP_MINUTES', accessDefaults.stepUpMinutes, 480), looksPerHour: whole('FOOTBRIDGE_LOOKS_PER_HOUR', accessDefaults.looksPerHour, 10_000),
  };
}
