import { GraphQLError, visit, type DocumentNode } from 'graphql';

/** Who may read the schema from the server (introspection, suggestions in errors): everybody, administrators, nobody. */
export type SchemaReaders = 'everybody' | 'admins' | 'nobody';

const asked = new WeakMap<DocumentNode, boolean>();

/**
 * Refuses a document that asks for the schema.
 *
 * @throws GraphQLError GRAPHQL_VALIDATION_FAILED, as Apollo Server answers where nobody may ask.
 */
export function checkAsksNoSchema(document: DocumentNode): void {
  if (!asksForSchema(document)) return;
  throw new GraphQLError('The schema is shown to administrators of an organization only. Sign in as one.', {
    extensions: { code: 'GRAPHQL_VALIDATION_FAILED', http: { status: 400 } },
  });
}

/** Looked up by document: Apollo Server keeps parsed documents, and most are sent again and again. */
function asksForSchema(document: DocumentNode): boolean {
  const known = asked.get(document);
  if (known !== undefined) return known;
  let found = false;
  visit(document, {
    Field: ({ name }) => {
      if (name.value === '__schema' || name.value === '__type') found = true;
    },
  });
  asked.set(document, found);
  return found;
}
