import { ApolloLink } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import type { DocumentNode } from 'graphql';

/** Sends the hash that codegen gave a document, and never its text. Put it in front of the HttpLink. */
export function hashesOnly(): ApolloLink {
  const named = new PersistedQueryLink({ generateHash: hashOf });
  const withoutText = new ApolloLink((operation, forward) => {
    operation.setContext({ http: { includeQuery: false, includeExtensions: true } });
    return forward(operation);
  });
  return ApolloLink.from([named, withoutText]);
}

function hashOf(document: DocumentNode): string {
  const { hash } = (document as DocumentNode & { __meta__?: { hash?: string } }).__meta__ ?? {};
  if (!hash) throw new Error('This document was not made by codegen.');
  return hash;
}
