import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { isUuid } from '../../lib/uuid.js';

export type ExportFormat = 'json' | 'html';

/** A file that a link leads to. */
export interface ExportedFile {
  orgId: string;
  id: string;
  format: ExportFormat;
}

/** Signed paths to export files. Whoever has one gets the file until it expires: it is given to the person it is about. */
export interface ExportLinks {
  /** The path on this server, `/exports/…`. */
  pathOf(file: ExportedFile, expiresAt: number): string;
  /** The file of what stands behind `/exports/`; null when it was not signed here, was changed, or has expired. */
  open(name: string): ExportedFile | null;
}

/** @see ExportLinks */
export function exportLinks(secret: string, now: () => number): ExportLinks {
  const key = Buffer.from(hkdfSync('sha256', secret, '', 'pulse export links', 32));
  const signed = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  const textOf = ({ orgId, id, format }: ExportedFile, seconds: string): string => [orgId, id, seconds, format].join('.');
  return {
    pathOf: (file, expiresAt) => {
      const seconds = String(Math.floor(expiresAt / 1000));
      const text = textOf(file, seconds);
      return `/exports/${[file.orgId, file.id, seconds, signed(text).toString('base64url'), file.format].join('.')}`;
    },
    open: (name) => {
      const [orgId = '', id = '', seconds = '', signature = '', format = ''] = name.split('.');
      if (!isUuid(orgId) || !isUuid(id) || (format !== 'json' && format !== 'html')) return null;
      const file = { orgId, id, format } as const;
      const given = Buffer.from(signature, 'base64url');
      const made = signed(textOf(file, seconds));
      if (given.length !== made.length || !timingSafeEqual(given, made)) return null;
      return Number(seconds) * 1000 > now() ? file : null;
    },
  };
}
