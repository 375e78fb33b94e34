/** What the explorer at /graphiql signs in with; its bundle takes these texts from here, so that they are trusted wherever it is served. */
const MEMBER = 'accessToken accessTokenExpiresIn user { displayName email role organization { name } }';

export const SIGN_IN = `mutation ($input: LoginInput!) { login(input: $input) { ${MEMBER} } }`;
export const RESUME = `mutation { refreshToken { ${MEMBER} } }`;
export const SIGN_OUT = 'mutation { logout { endedSessions } }';

export const EXPLORER_DOCUMENTS = [SIGN_IN, RESUME, SIGN_OUT] as const;
