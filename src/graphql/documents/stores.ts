import type { ApolloServerOptions, BaseContext } from '@apollo/server';
import type { DocumentNode } from 'graphql';
import { lru } from '../../lib/lru.js';
import { NOTHING } from './admission.js';
import type { TrustedDocuments } from './trusted.js';

type DocumentStore = NonNullable<ApolloServerOptions<BaseContext>['documentStore']>;
type TextStore = Exclude<NonNullable<ApolloServerOptions<BaseContext>['cache']>, 'bounded'>;

/** Of all parsed documents together: at most 100 MB (a token with its nodes takes 350 to 490 bytes), and a thousand documents of 200 tokens. */
const MOST_TOKENS_KEPT = 200_000;

/**
 * Parsed and validated documents, by the hash of their text. Apollo's own store weighs each by writing it as JSON, which takes longer
 * than parsing it did.
 */
export function documentStore(): DocumentStore {
  const kept = lru<DocumentNode>(MOST_TOKENS_KEPT, tokensOf);
  return {
    get: async (hash) => kept.get(hash),
    set: async (hash, document) => {
      if (document !== NOTHING) kept.set(hash, document);
    },
    delete: async (hash) => kept.delete(hash),
  };
}

/** Tokens that a document was read from: its nodes hold on to all of them. */
function tokensOf(document: DocumentNode): number {
  let count = 0;
  for (let token = document.loc?.startToken ?? null; token; token = token.next) count += 1;
  return count;
}

/** Characters that clients may have kept for them, one document and together (automatic persisted queries). */
const LONGEST_PERSISTED = 20_000;
const MOST_PERSISTED = 5_000_000;

/** Texts by hash: the trusted ones for good, those that clients registered while there is room. Where only trusted ones are taken nobody registers any. */
export function persistedQueries({ mode, byHash }: TrustedDocuments): TextStore {
  const kept = lru<string>(MOST_PERSISTED, (text) => text.length);
  const isOpen = mode !== 'only';
  return {
    get: async (key) => byHash(hashIn(key)) ?? kept.get(key),
    set: async (key, text) => {
      if (isOpen && text.length <= LONGEST_PERSISTED) kept.set(key, text);
    },
    delete: async (key) => kept.delete(key),
  };
}

/** Apollo puts `apq:` in front of the hash. */
function hashIn(key: string): string {
  return key.replace(/^apq:/, '');
}
