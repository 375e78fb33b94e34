/** What other rooms may see of this one. */
export { carryOut, inLedger } from './carry-out.js';
export type { PrivacyDoor } from './privacy-door.js';
