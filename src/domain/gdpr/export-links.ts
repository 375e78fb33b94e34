import { signedNames } from '../../lib/signed-names.js';
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
  const names = signedNames(secret, 'pulse export links', now);
  return {
    pathOf: ({ orgId, id, format }, expiresAt) => `/exports/${names.sign([orgId, id, format], expiresAt)}`,
    open: (name) => {
      const [orgId = '', id = '', format = ''] = names.open(name) ?? [];
      return isUuid(orgId) && isUuid(id) && (format === 'json' || format === 'html') ? { orgId, id, format } : null;
    },
  };
}
