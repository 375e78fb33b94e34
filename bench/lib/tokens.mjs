// How a caller shows who they are: signed in at Pulse, or with a token of the same kind for servers that have no sign-in.
import { createSecretKey } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { SECRET } from '../settings.mjs';

/** The password of every seeded user (README.md of the product). */
const PASSWORD = 'pulse-demo-password';

const key = createSecretKey(SECRET, 'utf8');
const pinned = { algorithms: ['HS256'], issuer: 'pulse-bench', audience: 'pulse-bench' };

/** Signs in through the product's own mutation. @returns {Promise<string>} the access token. */
export async function signIn(url, { email }) {
  const query = 'mutation ($input: LoginInput!) { login(input: $input) { accessToken } }';
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query, variables: { input: { email, password: PASSWORD } } }),
  });
  const { data, errors } = await response.json();
  if (!data?.login) throw new Error(`${email} could not sign in: ${JSON.stringify(errors)}`);
  return data.login.accessToken;
}

/** What the product's sign-in would have answered. */
export function signToken({ sub, org, role }) {
  return jwt.sign({ sub, org, role }, key, {
    algorithm: 'HS256',
    expiresIn: '1h',
    issuer: 'pulse-bench',
    audience: 'pulse-bench',
  });
}

/**
 * Organization and user of the request's caller, verified as the product does it: a KeyObject, everything pinned.
 *
 * @param {import('node:http').IncomingMessage} request
 * @throws Error for a token that is missing or not valid.
 */
export function callerOf(request) {
  const { org, sub } = jwt.verify(request.headers.authorization?.slice('Bearer '.length) ?? '', key, pinned);
  if (!UUID.test(org) || !UUID.test(sub)) throw new Error('The token names nobody.');
  return { org, user: sub };
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
