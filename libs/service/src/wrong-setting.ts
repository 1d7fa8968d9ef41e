/** A setting that is missing or wrong: one clear line, exit code 2, nothing changed. */
export class WrongSetting extends Error {}
