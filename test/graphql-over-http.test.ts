import { serverAudits } from 'graphql-http';
import { openStage, type Stage } from './support/app.js';

let stage: Stage;
beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

// The url is asked for when an audit runs; the list of audits does not depend on it.
const audits = serverAudits({ url: () => `${stage.url}/graphql`, fetchFn: fetchWhole });

/** Reads every answer to its end, which audits of the status alone do not: an unread one keeps its connection busy. */
async function fetchWhole(...request: Parameters<typeof fetch>): Promise<Response> {
  const answer = await fetch(...request);
  return new Response(await answer.text(), { status: answer.status, headers: answer.headers });
}

/** What a server may do and this one does not: bare GETs could come from any page (SECURITY). */
const NOT_DONE = ['5A70', 'D6D5', '6A70'];

test.each(audits.map((audit): [string, string, (typeof audits)[number]] => [audit.id, audit.name, audit]))(
  'GraphQL over HTTP %s: %s',
  async (id, _, audit) => {
    const result = await audit.fn();
    const { status, reason } = result.status === 'ok' ? { status: 'ok', reason: '' } : result;
    expect([status, reason]).toEqual(NOT_DONE.includes(id) ? ['notice', expect.any(String)] : ['ok', '']);
  },
);

const refused = async (accept: string | null, body: object = { query: '{ nothing }' }): Promise<[number, string | null]> => {
  const answer = await fetch(`${stage.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(accept === null ? {} : { accept }) },
    body: JSON.stringify(body),
  });
  await answer.text();
  return [answer.status, answer.headers.get('content-type')?.split(';')[0] ?? null];
};

test('a refused document is 400, unless the client asks for plain JSON by name', async () => {
  const JSON_TYPE = 'application/json';
  const RESPONSE_TYPE = 'application/graphql-response+json';
  expect(await refused(null)).toEqual([400, JSON_TYPE]);
  expect(await refused('*/*')).toEqual([400, JSON_TYPE]);
  expect(await refused(RESPONSE_TYPE)).toEqual([400, RESPONSE_TYPE]);
  expect(await refused(JSON_TYPE)).toEqual([200, JSON_TYPE]);
  expect(await refused('application/json, text/plain, */*')).toEqual([200, JSON_TYPE]);
  expect(await refused(`${RESPONSE_TYPE},application/json;q=0.9`)).toEqual([400, RESPONSE_TYPE]);
  expect(await refused(`application/json;q=0.5, ${RESPONSE_TYPE};q=0.1`)).toEqual([200, JSON_TYPE]);
});

test('what is no GraphQL request is 400 whatever the client accepts', async () => {
  for (const accept of ['application/json', '*/*']) expect((await refused(accept, { notQuery: 1 }))[0]).toBe(400);
});
