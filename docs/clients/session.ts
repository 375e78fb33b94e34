/** Where an app keeps its refresh token: the keychain, the keystore, an encrypted file. */
export interface TokenPlace {
  read(): Promise<string | null>;
  write(token: string | null): Promise<void>;
}

interface Failure {
  message: string;
  extensions: { code: string; retryAfterSeconds?: number };
}

interface Payload {
  accessToken: string;
  accessTokenExpiresIn: number;
  refreshToken: string | null;
}

interface Answer {
  data?: Record<string, Payload | null> | null;
  errors?: Failure[];
}

const FIELDS = 'accessToken accessTokenExpiresIn refreshToken';
/** A new access token is asked for this long before the old one ends. */
const EARLY_SECONDS = 30;
const TRIES = 5;

/**
 * Signs in and stays signed in, for an app that keeps its refresh token itself. In a page use `transport: COOKIE`, send requests with
 * `credentials: 'include'`, and leave the token out: everything else is the same.
 */
export function createSession(url: string, place: TokenPlace, send: typeof fetch = fetch) {
  let accessToken: string | null = null;
  let freshUntil = 0;
  let renewing: Promise<string | null> | null = null;

  async function ask(query: string, variables: object): Promise<Answer> {
    const answer = await send(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query, variables }),
    });
    return (await answer.json()) as Answer;
  }

  /** The new refresh token is kept before the access token is used: using it is what makes the old one worthless. */
  async function keep(payload: Payload): Promise<string> {
    await place.write(payload.refreshToken);
    freshUntil = Date.now() + (payload.accessTokenExpiresIn - EARLY_SECONDS) * 1000;
    return (accessToken = payload.accessToken);
  }

  async function signIn(email: string, password: string): Promise<void> {
    const query = `mutation ($input: LoginInput!) { login(input: $input) { ${FIELDS} } }`;
    const { data, errors } = await ask(query, { input: { email, password, transport: 'PAYLOAD' } });
    if (!data?.['login']) throw new Error(errors?.[0]?.message ?? 'No answer.');
    await keep(data['login']);
  }

  /**
   * The next access token; null: sign in again. Until the next refresh token is used, the server answers the old one with the same
   * successor, so a lost answer is asked for again with the token that was sent.
   */
  async function renewOnce(): Promise<string | null> {
    const query = `mutation ($token: String) { refreshToken(refreshToken: $token) { ${FIELDS} } }`;
    for (let nth = 1; ; nth += 1) {
      const token = await place.read();
      if (!token) return null;
      const answer = await ask(query, { token }).catch(() => null);
      const payload = answer?.data?.['refreshToken'];
      if (payload) return keep(payload);
      const { code, retryAfterSeconds } = answer?.errors?.[0]?.extensions ?? { code: 'NO_ANSWER', retryAfterSeconds: undefined };
      if (code === 'SESSION_ENDED') {
        await place.write(null);
        return (accessToken = null);
      }
      // UNAUTHENTICATED: another process of this app has renewed it meanwhile, and its token is in place by now.
      const mayHelp = answer === null || retryAfterSeconds !== undefined || code === 'UNAUTHENTICATED';
      if (!mayHelp || nth === TRIES) throw new Error(answer?.errors?.[0]?.message ?? 'The server cannot be reached.');
      await new Promise((resolve) => setTimeout(resolve, retryAfterSeconds ? retryAfterSeconds * 1000 : 100 * 2 ** nth));
    }
  }

  /** Whoever needs it at the same time waits for one request. */
  function renew(): Promise<string | null> {
    return (renewing ??= renewOnce().finally(() => (renewing = null)));
  }

  /** A token that works for a while; null for a visitor. */
  async function token(): Promise<string | null> {
    return accessToken && Date.now() < freshUntil ? accessToken : renew();
  }

  return { signIn, renew, token };
}

export type Session = ReturnType<typeof createSession>;
