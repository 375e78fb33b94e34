import { createPrivateKey, createPublicKey, hkdfSync, sign, verify } from 'node:crypto';
import { canonical } from '../../lib/canonical.js';

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

/** Signs and checks receipts of erasures: JSON Web Signatures (RFC 7515), compact, with Ed25519 (RFC 8037). */
export interface Receipts {
  issue(claims: ReceiptClaims): string;
  /** What a receipt says; null when it was not issued here, or was changed. */
  verify(receipt: string): ReceiptClaims | null;
  /** For checking receipts without this server: a JSON Web Key. */
  publicKey: { kty: 'OKP'; crv: 'Ed25519'; x: string };
}

const HEADER = encode({ alg: 'EdDSA', typ: 'pulse-erasure' });
/** The private key of RFC 8410 is these bytes and 32 of ours. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const LONGEST = 20_000;

/** The key follows from the server's secret: a receipt can be checked as long as that is the same. */
export function receipts(secret: string): Receipts {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', 'pulse erasure receipts', 32));
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  return {
    publicKey: publicKey.export({ format: 'jwk' }) as Receipts['publicKey'],
    issue: (claims) => {
      const text = `${HEADER}.${encode(claims)}`;
      return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
    },
    verify: (receipt) => {
      const parts = receipt.length > LONGEST ? [] : receipt.trim().split('.');
      const [header, body, signature] = parts;
      if (parts.length !== 3 || header !== HEADER || !body || !signature) return null;
      const bytes = Buffer.from(signature, 'base64url');
      // A signature has one spelling: what decodes to the same bytes another way is not what was issued.
      if (bytes.toString('base64url') !== signature) return null;
      if (!verify(null, Buffer.from(`${header}.${body}`), publicKey, bytes)) return null;
      return JSON.parse(Buffer.from(body, 'base64url').toString()) as ReceiptClaims;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(canonical(value)).toString('base64url');
}
