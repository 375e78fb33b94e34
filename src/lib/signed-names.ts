import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';

/** Names that only this server can make, good until a moment: whoever has one may have what it leads to. */
export interface SignedNames {
  /** @param parts without dots. */
  sign(parts: readonly string[], expiresAt: number): string;
  /** The parts of a name; null when it was not made here for this purpose, was changed, or has expired. */
  open(name: string): string[] | null;
}

/** @param purpose what the names are for: one made for another purpose is none. */
export function signedNames(secret: string, purpose: string, now: () => number): SignedNames {
  const key = Buffer.from(hkdfSync('sha256', secret, '', purpose, 32));
  const signed = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    sign: (parts, expiresAt) => {
      const text = [...parts, String(Math.floor(expiresAt / 1000))].join('.');
      return `${text}.${signed(text).toString('base64url')}`;
    },
    open: (name) => {
      const end = name.lastIndexOf('.');
      const text = name.slice(0, Math.max(end, 0));
      const made = signed(text);
      const given = Buffer.from(name.slice(end + 1), 'base64url');
      if (given.length !== made.length || !timingSafeEqual(given, made)) return null;
      const parts = text.split('.');
      return Number(parts.pop()) * 1000 > now() ? parts : null;
    },
  };
}
