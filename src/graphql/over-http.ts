import type { ApolloServerPlugin, BaseContext, GraphQLResponse } from '@apollo/server';

/**
 * The status of a request whose document or variables were refused. Under `application/graphql-response+json` it says so (400). A
 * client that asks for `application/json` by name gets 200, as GraphQL over HTTP wants it (section 6.4.1): such clients take any other
 * status for a failure of the network and never look at the codes in the answer. Who asks for nothing in particular sees 400, and so does
 * everybody whose request was none of GraphQL (BAD_REQUEST).
 */
export function statusByMediaType(): ApolloServerPlugin<BaseContext> {
  return {
    requestDidStart: async () => ({
      willSendResponse: async ({ request, response }) => {
        const accept = request.http?.headers.get('accept') ?? '';
        if (response.http.status === 400 && prefersPlainJson(accept) && !isBadRequest(response)) response.http.status = 200;
      },
    }),
  };
}

function isBadRequest({ body }: GraphQLResponse): boolean {
  return body.kind === 'single' && body.singleResult.errors?.[0]?.extensions?.['code'] === 'BAD_REQUEST';
}

function prefersPlainJson(accept: string): boolean {
  const types = accept.split(',').map((part) => part.trim().toLowerCase());
  const json = wishFor('application/json', types);
  const response = wishFor('application/graphql-response+json', types);
  return (
    json.quality > response.quality || (json.quality > 0 && json.quality === response.quality && json.place < response.place)
  );
}

function wishFor(name: string, types: readonly string[]): { quality: number; place: number } {
  const place = types.findIndex((type) => type === name || type.startsWith(`${name};`));
  const [, quality = '1'] = /;\s*q=([\d.]+)/.exec(types[place] ?? '') ?? [];
  return { quality: place < 0 ? 0 : Number(quality), place };
}
