import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache, type Reference, type TypedDocumentNode } from '@apollo/client';
import { CombinedGraphQLErrors } from '@apollo/client/errors';
import { SetContextLink } from '@apollo/client/link/context';
import { ErrorLink } from '@apollo/client/link/error';
import { RetryLink } from '@apollo/client/link/retry';
import { relayStylePagination } from '@apollo/client/utilities';
import { OperationTypeNode } from 'graphql';
import { from, switchMap, timer } from 'rxjs';
import type { Session } from './session.js';

/** Pages of one list belong together while what was asked for is the same, whatever the page. */
const pages = () => relayStylePagination(['filter', 'orderBy', 'includeDeleted']);

/** One line for each list whose pages you put together; it appends `edges`, so select `edges { node }` there, and `nodes` elsewhere. */
export function createCache(): InMemoryCache {
  return new InMemoryCache({
    possibleTypes: { Node: ['Contact', 'Company', 'Deal', 'Activity'], Record: ['Contact', 'Company', 'Deal', 'Activity'] },
    typePolicies: {
      Query: { fields: { contacts: pages(), companies: pages(), deals: pages(), activities: pages() } },
      Contact: { fields: { deals: pages(), activities: pages() } },
      Company: { fields: { contacts: pages(), deals: pages() } },
      Deal: { fields: { activities: pages() } },
      Stage: { fields: { deals: pages() } },
      // Has no identity: the fields of several questions are put together.
      RecordPermissions: { merge: true },
    },
  });
}

export function createClient(url: string, session: Session, send: typeof fetch = fetch): ApolloClient {
  const authorize = new SetContextLink(async ({ headers }) => {
    const token = await session.token();
    return { headers: { ...(headers as Record<string, string>), ...(token && { authorization: `Bearer ${token}` }) } };
  });
  /** Errors that are over after a new access token, or after a while. Once: what fails again is for people to see. */
  const askAgain = new ErrorLink(({ error, operation, forward }) => {
    const { code, retryAfterSeconds } = failureIn(error);
    if (code === 'UNAUTHENTICATED') return from(session.renew()).pipe(switchMap(() => forward(operation)));
    if (retryAfterSeconds !== undefined && mayRepeat(operation))
      return timer(retryAfterSeconds * 1000).pipe(switchMap(() => forward(operation)));
    return undefined;
  });
  /** Answers that never came. */
  const repeat = new RetryLink({
    attempts: { max: 4, retryIf: (_, operation) => mayRepeat(operation) },
    delay: { initial: 200, jitter: true },
  });
  const http = new HttpLink({ uri: url, fetch: send });
  return new ApolloClient({ cache: createCache(), link: ApolloLink.from([askAgain, repeat, authorize, http]) });
}

/** A query, or a mutation whose key makes it happen once. */
function mayRepeat({ operationType, variables }: ApolloLink.Operation): boolean {
  return operationType === OperationTypeNode.QUERY || 'key' in variables;
}

/** What Pulse says about an error of Apollo Client; no code when there was no answer. */
export function failureIn(error: unknown): { code?: string; retryAfterSeconds?: number } {
  return CombinedGraphQLErrors.is(error) ? (error.errors[0]?.extensions ?? {}) : {};
}

export const BOARD: TypedDocumentNode<{ pipeline: { stages: BoardStage[] } }, { id: string }> = gql`
  query Board($id: ID!) {
    pipeline(id: $id) {
      id
      stages {
        id
        name
        deals(first: 50, filter: { status: { eq: OPEN } }) {
          totalCount
          pageInfo {
            hasNextPage
            endCursor
          }
          edges {
            cursor
            node {
              id
              title
              version
              stage {
                id
              }
            }
          }
        }
      }
    }
  }
`;

export interface BoardStage {
  id: string;
  name: string;
  deals: { totalCount: number; edges: { cursor: string; node: BoardDeal }[] };
}

export interface BoardDeal {
  __typename: 'Deal';
  id: string;
  title: string;
  version: number;
  stage: { __typename: 'Stage'; id: string };
}

type Moved = { moveDeal: { __typename: 'DealPayload'; deal: BoardDeal | null } };
type Move = { id: string; stageId: string; expectedVersion: number; key: string };

const MOVE: TypedDocumentNode<Moved, Move> = gql`
  mutation Move($id: ID!, $stageId: ID!, $expectedVersion: Int, $key: String!) {
    moveDeal(id: $id, input: { stageId: $stageId, place: { at: TOP } }, expectedVersion: $expectedVersion)
      @idempotent(key: $key) {
      deal {
        id
        title
        version
        stage {
          id
        }
      }
    }
  }
`;

/**
 * The card is in its new column at once. When the server says no (CONFLICT: somebody else moved it), Apollo takes the optimistic layer
 * away, the card is back, and the error says why. One key for one intended move, however often it is sent.
 */
export async function moveDeal(client: ApolloClient, deal: BoardDeal, stageId: string, key: string = crypto.randomUUID()) {
  const moved: BoardDeal = { ...deal, version: deal.version + 1, stage: { __typename: 'Stage', id: stageId } };
  return client.mutate({
    mutation: MOVE,
    variables: { id: deal.id, stageId, expectedVersion: deal.version, key },
    optimisticResponse: { moveDeal: { __typename: 'DealPayload', deal: moved } },
    update: (cache, { data }) => {
      const card = data?.moveDeal.deal;
      if (!card) return;
      const ref = { __ref: `Deal:${card.id}` };
      changeColumn(cache, deal.stage.id, (edges) => edges.filter(({ node }) => node.__ref !== ref.__ref));
      changeColumn(cache, card.stage.id, (edges) => [{ __typename: 'DealEdge', cursor: '', node: ref }, ...edges]);
    },
  });
}

interface Edge {
  __typename: string;
  cursor: string;
  node: Reference;
}

interface Column {
  edges: Edge[];
  totalCount?: number | null;
}

function changeColumn(cache: Pick<InMemoryCache, 'modify'>, stageId: string, change: (edges: Edge[]) => Edge[]): void {
  cache.modify<{ deals: Column }>({
    id: `Stage:${stageId}`,
    fields: {
      deals: (column) => {
        const known = column as Column;
        const edges = change(known.edges);
        const grown = edges.length - known.edges.length;
        return { ...known, edges, totalCount: known.totalCount == null ? null : known.totalCount + grown };
      },
    },
  });
}
