import type { FastifyReply, FastifyRequest } from 'fastify';

/** The cookie that carries a browser's refresh token; no script can read it, no other site makes a browser send it. */
export interface RefreshCookie {
  read(): string | null;
  write(token: string, expires: Date): void;
  clear(): void;
}

/**
 * The refresh cookie of one request. `__Host-` binds it to this host and to HTTPS (RFC 6265bis, 4.1.3.2); browsers refuse that
 * on plain HTTP, so `http://localhost` gets one without.
 */
export function refreshCookie(request: FastifyRequest, reply: FastifyReply, secure: boolean): RefreshCookie {
  const name = secure ? '__Host-pulse_refresh' : 'pulse_refresh';
  const options = { path: '/', httpOnly: true, sameSite: 'strict', secure } as const;
  return {
    read: () => request.cookies[name] ?? null,
    write: (token, expires) => void reply.setCookie(name, token, { ...options, expires }),
    clear: () => void reply.clearCookie(name, options),
  };
}
