import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Failures before a request reaches GraphQL leave in the shape GraphQL clients read: `{ errors: [{ message, extensions }] }`. */
export function answerFailures(server: FastifyInstance): void {
  server.setErrorHandler<FastifyError>((error, request, reply) => {
    const status = error.statusCode ?? 500;
    if (status >= 500) request.log.error({ err: error, requestId: request.id }, 'request failed');
    const message = status >= 500 ? 'Something went wrong on our side.' : error.message;
    return reply.code(status).send(failure(message, status >= 500 ? 'INTERNAL' : 'BAD_REQUEST', request.id));
  });
  server.setNotFoundHandler((request, reply) =>
    reply.code(404).send(failure('There is nothing here. The API is at /graphql.', 'BAD_REQUEST', request.id)),
  );
  server.addHook<string>('onSend', async (request, reply, payload) =>
    reply.statusCode >= 400 ? identified(payload, request.id) : payload,
  );
}

/** What Fastify refuses before it has looked for a route, and so before all hooks: a path that is not one. */
export function answerUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  void reply.header('x-request-id', request.id).code(error.statusCode ?? 400);
  void reply.send(failure('This is no path of a URL. The API is at /graphql.', 'BAD_REQUEST', request.id));
}

/** A body of one error, for what GraphQL was not asked. */
export function failure(message: string, code: string, requestId: string, details: object = {}): object {
  return { errors: [{ message, extensions: { code, ...details, requestId } }] };
}

/** Apollo refuses some requests (no preflight, not JSON, batched) before it has a context, and so without their id. */
function identified(payload: unknown, requestId: string): unknown {
  if (typeof payload !== 'string' || !payload.startsWith('{"errors":') || payload.includes('"requestId"')) return payload;
  const body = JSON.parse(payload) as { errors: { extensions?: object }[] };
  return JSON.stringify({
    ...body,
    errors: body.errors.map((error) => ({ ...error, extensions: { ...error.extensions, requestId } })),
  });
}
