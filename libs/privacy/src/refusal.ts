const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;

/**
 * The one way in which this library says no. It carries a stable code (listed in the README) and, where it helps, a
 * pointer made of declared names; never a value, the name of an undeclared field, or the error underneath.
 */
export class PrivacyRefusal extends Error {
  readonly code: string;
  readonly pointer?: string;
  constructor(code: string, pointer?: string) {
    const safe = CODE.test(code) ? code : 'REFUSED';
    super(safe);
    this.name = 'PrivacyRefusal';
    this.code = safe;
    if (pointer !== undefined) this.pointer = pointer;
  }
}
