import type { IncomingHttpHeaders } from 'node:http';
import type { SignedInCaller } from '../caller.js';

const BEARER = /^Bearer +([\w.~+/-]+=*) *$/i;

/** Who a request's Authorization header says is calling; null for none, and for one that is not valid. */
export function callerFrom(
  headers: IncomingHttpHeaders,
  verify: (token: string) => SignedInCaller | null,
): SignedInCaller | null {
  const token = BEARER.exec(headers.authorization ?? '')?.[1];
  return token ? verify(token) : null;
}
