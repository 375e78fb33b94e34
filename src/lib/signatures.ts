import { createPrivateKey, createPublicKey, hkdfSync, sign, verify } from 'node:crypto';
import { canonical } from './canonical.js';

/** Signs and checks statements: JSON Web Signatures (RFC 7515), compact, with Ed25519 (RFC 8037). */
export interface Signatures<Claims extends object> {
  sign: (claims: Claims) => string;
  /** What a signed text says; null when it was not signed here, or was changed. */
  verify: (signed: string) => Claims | null;
  /** For checking without this server: a JSON Web Key. */
  publicKey: { kty: 'OKP'; crv: 'Ed25519'; x: string };
}

/** The private key of RFC 8410 is these bytes and 32 of ours. */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');
const LONGEST = 20_000;

/**
 * The key follows from `secret` and `purpose`: what was signed can be checked as long as both are the same, and for no other purpose.
 *
 * @param type stands in the header, so that a reader can tell what it is.
 */
export function signatures<Claims extends object>(secret: string, purpose: string, type: string): Signatures<Claims> {
  const header = encode({ alg: 'EdDSA', typ: type });
  const seed = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey);
  return {
    publicKey: publicKey.export({ format: 'jwk' }) as Signatures<Claims>['publicKey'],
    sign: (claims) => {
      const text = `${header}.${encode(claims)}`;
      return `${text}.${sign(null, Buffer.from(text), privateKey).toString('base64url')}`;
    },
    verify: (signed) => {
      const parts = signed.length > LONGEST ? [] : signed.trim().split('.');
      const [given, body, signature] = parts;
      if (parts.length !== 3 || given !== header || !body || !signature) return null;
      const bytes = Buffer.from(signature, 'base64url');
      // A signature has one spelling: what decodes to the same bytes another way is not what was signed.
      if (bytes.toString('base64url') !== signature) return null;
      if (!verify(null, Buffer.from(`${given}.${body}`), publicKey, bytes)) return null;
      return JSON.parse(Buffer.from(body, 'base64url').toString()) as Claims;
    },
  };
}

function encode(value: object): string {
  return Buffer.from(canonical(value)).toString('base64url');
}
