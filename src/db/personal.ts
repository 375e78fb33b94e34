/** What a column can tell of a person, and what erasing does to it (SDL directive `@personal`). */
export interface PersonalColumn {
  class: string;
  erase: 'NULL' | 'MASK' | 'KEEP';
  /** The field of the SDL that shows it; null when none does. */
  field: string | null;
}

/** By table and column. */
export type PersonalData = ReadonlyMap<string, ReadonlyMap<string, PersonalColumn>>;

/** What decides how people are erased, and known again. */
export interface PrivacySettings {
  personal: PersonalData;
  /** A keyed hash of an address or number, for one organization. */
  fingerprint: (orgId: string, text: string) => Uint8Array<ArrayBuffer>;
}
