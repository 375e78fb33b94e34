import type { IncomingHttpHeaders } from 'node:http';

const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;

/** The token of a request's Authorization header; null for none. */
export function bearerFrom(headers: IncomingHttpHeaders): string | null {
  return BEARER.exec(headers.authorization ?? '')?.[1] ?? null;
}
