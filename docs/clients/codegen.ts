import type { CodegenConfig } from '@graphql-codegen/cli';
import { addTypenameSelectionDocumentTransform } from '@graphql-codegen/client-preset';

const config: CodegenConfig = {
  /** A copy of the server's, or its URL while OPEN_SCHEMA is on. */
  schema: 'schema/*.graphql',
  documents: 'docs/clients/*.graphql',
  generates: {
    'gql/': {
      preset: 'client',
      presetConfig: { persistedDocuments: { hashAlgorithm: 'sha256' } },
      /** Apollo Client adds __typename to what it sends; a document that travels as its hash needs it from the start. */
      documentTransforms: [addTypenameSelectionDocumentTransform],
      config: {
        useTypeImports: true,
        strictScalars: true,
        scalars: {
          ID: 'string',
          Decimal: 'string',
          DateTime: 'string',
          LocalDate: 'string',
          DateTimeOrDuration: 'string',
          LocalDateOrDuration: 'string',
          CurrencyCode: 'string',
          Rate: 'string',
          TimeZone: 'string',
          JSON: 'unknown',
        },
      },
    },
  },
};

export default config;
