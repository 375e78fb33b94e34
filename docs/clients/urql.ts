import { cacheExchange, Client, fetchExchange, gql, type TypedDocumentNode } from '@urql/core';
import { authExchange } from '@urql/exchange-auth';
import type { Session } from './session.js';

export function createUrqlClient(url: string, session: Session, send: typeof fetch = fetch): Client {
  const auth = authExchange(async (tools) => {
    let token = await session.token();
    return {
      addAuthToOperation: (operation) =>
        token ? tools.appendHeaders(operation, { authorization: `Bearer ${token}` }) : operation,
      didAuthError: ({ graphQLErrors }) => graphQLErrors.some(({ extensions }) => extensions['code'] === 'UNAUTHENTICATED'),
      refreshAuth: async () => {
        token = await session.renew();
      },
    };
  });
  return new Client({ url, fetch: send, preferGetMethod: false, exchanges: [cacheExchange, auth, fetchExchange] });
}

export const NEWEST_DEALS: TypedDocumentNode<
  { deals: { nodes: { id: string; title: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } } },
  { first: number; after?: string | null }
> = gql`
  query NewestDeals($first: Int!, $after: String) {
    deals(first: $first, after: $after, orderBy: [{ createdAt: DESC }]) {
      nodes {
        id
        title
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;
