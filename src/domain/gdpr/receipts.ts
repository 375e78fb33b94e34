import { signatures, type Signatures } from '../../lib/signatures.js';

/** What a receipt says. Nothing of whom was erased but the id. */
export interface ReceiptClaims {
  erasureId: string;
  organizationId: string;
  kind: 'CONTACT' | 'USER';
  recordId: string;
  erasedAt: string;
  /** Who carried it out; null when it was carried out again on a restored backup. */
  requestedById: string | null;
  reason: string;
  /** Rows erased, by table. */
  counts: Record<string, number>;
}

/** Signs and checks receipts of erasures. */
export interface Receipts {
  issue(claims: ReceiptClaims): string;
  /** What a receipt says; null when it was not issued here, or was changed. */
  verify(receipt: string): ReceiptClaims | null;
  /** For checking receipts without this server: a JSON Web Key. */
  publicKey: Signatures<ReceiptClaims>['publicKey'];
}

/** The key follows from the server's secret: a receipt can be checked as long as that is the same. */
export function receipts(secret: string): Receipts {
  const { sign, verify, publicKey } = signatures<ReceiptClaims>(secret, 'pulse erasure receipts', 'pulse-erasure');
  return { issue: sign, verify, publicKey };
}
