/** Operations to begin with, one a tab. test/explorer.test.ts sends each of them. */
export const EXAMPLES: { name: string; query: string; variables?: string }[] = [
  {
    name: 'Deal graph',
    query: `# The newest deals with everything around them, in one request.
query DealGraph {
  deals(first: 20) {
    nodes {
      id
      title
      value
      currency
      stage { id name probability }
      contact { id displayName company { id name } }
      owner { id displayName }
      activities(first: 5) { nodes { id subject } }
    }
    pageInfo { hasNextPage endCursor }
  }
}
`,
  },
  {
    name: 'Board',
    query: `# A pipeline as a board: each stage with its count, its totals by currency, and its first cards.
query Board {
  pipelines(first: 1) {
    nodes {
      id
      name
      stages {
        id
        name
        deals(first: 20, filter: { status: { eq: OPEN } }, orderBy: [{ position: ASC }]) {
          totalCount
          totals { currency sum weightedSum }
          edges { cursor node { id title value currency contact { id displayName } } }
        }
      }
    }
  }
}
`,
  },
  {
    name: 'Me',
    query: `# Who am I, and where am I signed in?
query Me {
  viewer { id displayName email role }
  organization { id name slug }
  sessions { id userAgent lastUsedAt isCurrent }
}
`,
  },
  {
    name: 'Change',
    query: `# A change that is safe to repeat: the same key has its effect once.
mutation AddCompany($key: String!) {
  createCompany(input: { name: "Beispiel GmbH", industry: "Software" }) @idempotent(key: $key) {
    company { id version name }
  }
}
`,
    variables: '{ "key": "my first company" }',
  },
];
