import { RESUME, SIGN_IN, SIGN_OUT } from '../src/graphql/documents/explorer.js';

/** Signing in and staying signed in, as any browser client of Pulse does it: the refresh token lives in a cookie no script can read. */

export interface Member {
  displayName: string;
  email: string;
  role: string;
  organization: { name: string };
}

export interface Answer {
  data?: unknown;
  errors?: { message: string; extensions?: { code?: string; retryAfterSeconds?: number } }[];
  extensions?: Record<string, unknown>;
}

/** What GraphiQL hands to its fetcher. */
export interface Question {
  query: string;
  operationName?: string | null | undefined;
  variables?: unknown;
}

interface AuthPayload {
  accessToken: string;
  accessTokenExpiresIn: number;
  user: Member;
}

/** Asked for a new one this long before the old one ends. */
const EARLY_SECONDS = 30;

let accessToken: string | null = null;
let freshUntil = 0;
let refreshing: Promise<Member | null> | null = null;

/** @returns who signed in. @throws Error with the server's own sentence. */
export async function signIn(email: string, password: string): Promise<Member> {
  const answer = await post({ query: SIGN_IN, variables: { input: { email, password, transport: 'COOKIE' } } }, null);
  return keep(payloadOf(answer, 'login'));
}

/** Goes on with the session of the cookie, if there is one. Calls at the same time share one request. */
export function resume(): Promise<Member | null> {
  refreshing ??= post({ query: RESUME }, null)
    .then((answer) => keep(payloadOf(answer, 'refreshToken')))
    .catch(() => forget())
    .finally(() => (refreshing = null));
  return refreshing;
}

export async function signOut(): Promise<void> {
  await post({ query: SIGN_OUT }, accessToken);
  forget();
}

/** Sends an operation as who is signed in; renews the access token before it ends, and once more when the server asks for it. */
export async function send(question: Question): Promise<Answer> {
  if (accessToken && Date.now() > freshUntil) await resume();
  const answer = await post(question, accessToken);
  const isStale = answer.errors?.some(({ extensions }) => extensions?.code === 'UNAUTHENTICATED');
  if (!accessToken || !isStale || !(await resume())) return answer;
  return post(question, accessToken);
}

function keep(payload: AuthPayload): Member {
  accessToken = payload.accessToken;
  freshUntil = Date.now() + (payload.accessTokenExpiresIn - EARLY_SECONDS) * 1000;
  return payload.user;
}

function forget(): null {
  accessToken = null;
  return null;
}

function payloadOf(answer: Answer, field: string): AuthPayload {
  const [error] = answer.errors ?? [];
  if (error) throw new Error(error.message);
  return (answer.data as Record<string, AuthPayload>)[field] as AuthPayload;
}

async function post(question: Question, token: string | null): Promise<Answer> {
  const response = await fetch('/graphql', {
    method: 'POST',
    credentials: 'same-origin',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      // Answers say what they cost (docs/PRICE.md).
      'x-pulse-cost': '1',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify(question),
  });
  return (await response.json()) as Answer;
}
