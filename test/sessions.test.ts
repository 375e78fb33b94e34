import fc from 'fast-check';
import { openStage, PASSWORD, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

const HOUR = 3_600_000;
let now = Math.floor(Date.now() / 1000) * 1000;
let stage: Stage;
let org: Organization;

beforeAll(async () => {
  stage = await openStage({ now: () => now, poolSize: 8 });
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

interface Tokens {
  access: string;
  refresh: string;
}

async function login(): Promise<Tokens> {
  const { data } = await stage.send('mutation ($i: LoginInput!) { login(input: $i) { accessToken refreshToken } }', {
    variables: { i: { email: org.users.MEMBER.email, password: PASSWORD } },
  });
  return { access: data.login.accessToken, refresh: data.login.refreshToken };
}

const REFRESH = 'mutation ($t: String) { refreshToken(refreshToken: $t) { accessToken refreshToken user { id } } }';
const present = (refresh: string): Promise<Answer> => stage.send(REFRESH, { variables: { t: refresh } });

/** The tokens of an answer, or the code of its error. */
async function refreshed(refresh: string): Promise<Tokens | string> {
  const { data, errors } = await present(refresh);
  return errors?.[0]?.extensions.code ?? { access: data.refreshToken.accessToken, refresh: data.refreshToken.refreshToken };
}

async function rotated(refresh: string): Promise<Tokens> {
  const answer = await refreshed(refresh);
  if (typeof answer === 'string') throw new Error(`The session is lost: ${answer}`);
  return answer;
}

const viewerCode = async (access: string): Promise<string | undefined> =>
  (await stage.send('{ viewer { id } }', { token: access })).errors?.[0]?.extensions.code;
const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

test('a refresh token is exchanged for the next one and a new access token', async () => {
  const first = await login();
  const second = await rotated(first.refresh);
  expect(second.refresh).not.toBe(first.refresh);
  expect(await viewerCode(second.access)).toBeUndefined();
  const third = await rotated(second.refresh);
  expect(new Set([first.refresh, second.refresh, third.refresh]).size).toBe(3);
});

test('an answer that was lost can be asked for again for a day, as long as nobody used it', async () => {
  const first = await login();
  const second = await rotated(first.refresh);
  now += 23 * HOUR;
  expect((await rotated(first.refresh)).refresh).toBe(second.refresh);
  now += 2 * HOUR;
  expect(await refreshed(first.refresh)).toBe('SESSION_ENDED');
  expect(typeof (await refreshed(second.refresh))).toBe('object');
});

test('twenty tabs at once end with one live token', async () => {
  const first = await login();
  const answers = await Promise.all(Array.from({ length: 20 }, () => rotated(first.refresh)));
  expect(new Set(answers.map((answer) => answer.refresh)).size).toBe(1);
});

test('an echo within ten seconds of the successor’s first use is refused and harms nothing; later it is theft', async () => {
  const first = await login();
  const second = await rotated(first.refresh);
  const third = await rotated(second.refresh);
  now += 9_000;
  expect(await refreshed(first.refresh)).toBe('UNAUTHENTICATED');
  expect(await viewerCode(third.access)).toBeUndefined();
  now += 2_000;
  expect(await refreshed(first.refresh)).toBe('SESSION_ENDED');
  expect(await refreshed(third.refresh)).toBe('SESSION_ENDED');
});

test('an old token is theft as soon as the successor’s successor was used; access ends within a second, other devices stay', async () => {
  const other = await login();
  const first = await login();
  const second = await rotated(first.refresh);
  const third = await rotated(second.refresh);
  const fourth = await rotated(third.refresh);
  expect(await viewerCode(fourth.access)).toBeUndefined();
  expect(await refreshed(first.refresh)).toBe('SESSION_ENDED');
  await pause(1_000);
  expect(await viewerCode(fourth.access)).toBe('SESSION_ENDED');
  expect(await refreshed(fourth.refresh)).toBe('SESSION_ENDED');
  expect(await viewerCode(other.access)).toBeUndefined();
  expect(typeof (await refreshed(other.refresh))).toBe('object');
});

test('a session ends when nobody uses it for two weeks, and after ninety days however much it is used', async () => {
  const idle = await login();
  now += 15 * 24 * HOUR;
  expect(await refreshed(idle.refresh)).toBe('SESSION_ENDED');
  let { refresh } = await login();
  for (let day = 0; day < 80; day += 10) {
    now += 10 * 24 * HOUR;
    refresh = (await rotated(refresh)).refresh;
  }
  now += 11 * 24 * HOUR;
  expect(await refreshed(refresh)).toBe('SESSION_ENDED');
});

test('logout ends this session, logoutEverywhere all, revokeSession one; each is felt within a second', async () => {
  const [one, two] = [await login(), await login()];
  // The last one first: sessions of one moment have no order.
  now += 1_000;
  const three = await login();
  const { data } = await stage.send('{ sessions { id isCurrent userAgent ipAddress } }', { token: two.access });
  expect(data.sessions.filter((session: { isCurrent: boolean }) => session.isCurrent)).toHaveLength(1);
  expect(data.sessions[0]).toMatchObject({ ipAddress: '127.0.0.1', userAgent: expect.any(String) });
  const [lost] = data.sessions;
  expect(
    (
      await stage.send('mutation ($id: ID!) { revokeSession(id: $id) { endedSessions } }', {
        token: two.access,
        variables: { id: lost.id },
      })
    ).data.revokeSession,
  ).toEqual({ endedSessions: 1 });
  expect((await stage.send('mutation { logout { endedSessions } }', { token: one.access })).data.logout).toEqual({
    endedSessions: 1,
  });
  await pause(1_000);
  expect([await viewerCode(one.access), await viewerCode(two.access), await viewerCode(three.access)]).toEqual([
    'SESSION_ENDED',
    undefined,
    'SESSION_ENDED',
  ]);
  await stage.send('mutation { logoutEverywhere { endedSessions } }', { token: two.access });
  expect(await refreshed(two.refresh)).toBe('SESSION_ENDED');
  const stranger = stage.tokenOf(await stage.world.organization());
  const foreign = await stage.send('mutation ($id: ID!) { revokeSession(id: $id) { endedSessions } }', {
    token: stranger,
    variables: { id: lost.id },
  });
  expect(foreign.data.revokeSession).toEqual({ endedSessions: 0 });
});

test('a demotion and a deactivation are felt within a second', async () => {
  const { access, refresh } = await login();
  const may = async (): Promise<boolean> =>
    (await stage.send('mutation { createCompany(input: { name: "x" }) { company { id } } }', { token: access })).errors ===
    undefined;
  expect(await may()).toBe(true);
  await stage.world.client.query(`UPDATE users SET role = 'VIEWER' WHERE id = $1`, [org.users.MEMBER.id]);
  await pause(1_000);
  expect(await may()).toBe(false);
  await stage.world.client.query('UPDATE users SET is_active = false WHERE id = $1', [org.users.MEMBER.id]);
  await pause(1_000);
  expect(await viewerCode(access)).toBe('SESSION_ENDED');
  expect(await refreshed(refresh)).toBe('SESSION_ENDED');
});

test('a browser gets its refresh token in a cookie that scripts cannot read, and nowhere else', async () => {
  const post = (query: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${stage.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify({ query }),
    });
  const first = await post(
    `mutation { login(input: { email: "${org.users.MEMBER.email}", password: "${PASSWORD}", transport: COOKIE }) { accessToken refreshToken } }`,
  );
  const set = first.headers.get('set-cookie') ?? '';
  expect(set).toMatch(/^__Host-pulse_refresh=prt\..*; Path=\/;.*HttpOnly; Secure; SameSite=Strict$/);
  expect(((await first.json()) as { data: { login: object } }).data.login).toMatchObject({ refreshToken: null });
  const cookie = set.split(';')[0] ?? '';
  const second = await post('mutation { refreshToken { accessToken refreshToken } }', { cookie });
  const next = (second.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const { data } = (await second.json()) as { data: { refreshToken: { accessToken: string; refreshToken: null } } };
  expect(data.refreshToken.refreshToken).toBeNull();
  expect(next).not.toBe(cookie);
  const out = await post('mutation { logout { endedSessions } }', {
    authorization: `Bearer ${data.refreshToken.accessToken}`,
    cookie: next,
  });
  expect(out.headers.get('set-cookie')).toMatch(/^__Host-pulse_refresh=;.*(Max-Age=0|Expires=Thu, 01 Jan 1970)/);
});

test('no token, half a token and anybody’s token are the same: the session is over', async () => {
  const { refresh } = await login();
  const stranger = (await stage.world.organization()).id;
  for (const bad of [
    null,
    '',
    'x',
    refresh.slice(0, -1),
    `${refresh}x`,
    refresh.replace(/^prt\.[^.]+/, `prt.${stranger}`),
    'prt.x.y',
    'a'.repeat(10_000),
  ]) {
    const { errors } = await stage.send(REFRESH, { variables: { t: bad } });
    expect([bad?.slice(0, 20), errors?.[0]?.extensions.code]).toEqual([bad?.slice(0, 20), 'SESSION_ENDED']);
  }
  const { rows } = await stage.world.client.query<{ text: string }>(
    'SELECT t::text AS text FROM refresh_tokens t WHERE org_id = $1',
    [org.id],
  );
  expect(rows.map((row) => row.text).join()).not.toContain(refresh.split('.')[2]);
});

/** Clients that lose answers, several tabs of them, and time; whoever is honest keeps the session. */
type Event =
  { kind: 'refresh'; tabs: number; lost: boolean } | { kind: 'wait'; seconds: number } | { kind: 'steal' | 'replay' | 'logout' };
const events = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('refresh' as const), tabs: fc.constantFrom(1, 1, 2, 5), lost: fc.boolean() }),
    },
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('wait' as const), seconds: fc.constantFrom(1, 5, 30, 300, 3_600) }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'steal' as const }) },
    { weight: 2, arbitrary: fc.constant({ kind: 'replay' as const }) },
    { weight: 1, arbitrary: fc.constant({ kind: 'logout' as const }) },
  ),
  { minLength: 5, maxLength: 30 },
);

/** Signs out, and shows that no token of the chain is good for anything after it. */
async function logoutEnds(held: string, chain: Iterable<string>): Promise<void> {
  const { access, refresh } = await rotated(held);
  const { data } = await stage.send('mutation { logout { endedSessions } }', { token: access });
  expect(data.logout).toEqual({ endedSessions: 1 });
  for (const token of [refresh, held, ...chain]) expect(await refreshed(token)).toBe('SESSION_ENDED');
}

test('honest clients never lose a session; a superseded token outside the rule ends it, and so does a logout', async () => {
  await fc.assert(
    fc.asyncProperty(events, async (sequence: Event[]) => {
      const first = await login();
      // Tabs share what has arrived; a lost answer leaves them with the token they had.
      let held = first.refresh;
      let stolen: string | null = null;
      let used = new Map<string, { at: number; next: string }>();
      const link = (token: string): { at: number; next: string } | undefined => used.get(token);
      for (const event of sequence) {
        if (event.kind === 'wait') now += event.seconds * 1_000;
        if (event.kind === 'steal') stolen = held;
        if (event.kind === 'refresh') {
          const answers = await Promise.all(Array.from({ length: event.tabs }, () => rotated(held)));
          const next = answers[0] as Tokens;
          expect(new Set(answers.map(({ refresh }) => refresh)).size).toBe(1);
          if (!used.has(held)) used.set(held, { at: now, next: next.refresh });
          expect(next.refresh).toBe(link(held)?.next);
          if (!event.lost) held = next.refresh;
        }
        if (event.kind === 'logout') return logoutEnds(held, used.keys());
        if (event.kind === 'replay' && stolen) {
          const mine = link(stolen);
          const successor = mine && link(mine.next);
          const answer = await refreshed(stolen);
          if (!mine) {
            // The thief was first: what the honest tabs hold is answered with the same successor.
            if (typeof answer === 'string') throw new Error('An unused token must work.');
            used.set(stolen, { at: now, next: answer.refresh });
          } else if (!successor) expect(answer).toMatchObject({ refresh: mine.next });
          else {
            const theft = now - successor.at > 10_000 || used.has(successor.next);
            expect(answer).toBe(theft ? 'SESSION_ENDED' : 'UNAUTHENTICATED');
            if (theft) {
              expect(await refreshed(held)).toBe('SESSION_ENDED');
              return;
            }
          }
        }
      }
      used = new Map();
      expect(typeof (await refreshed(held))).toBe('object');
    }),
    { numRuns: 40 },
  );
}, 60_000);

test('the beginning and the end of each session are facts, who used it goes on in between is none', async () => {
  const facts = async (): Promise<string[]> => {
    const { rows } = await stage.world.client.query<{ fact: string }>(
      `SELECT concat_ws(' ', action, actor_kind, CASE WHEN user_id = $2 THEN 'MEMBER' END, CASE WHEN ip_address IS NOT NULL THEN 'from somewhere' END) AS fact
         FROM audit_logs WHERE org_id = $1 AND entity_type = 'Session' ORDER BY seq`,
      [org.id, org.users.MEMBER.id],
    );
    return rows.map(({ fact }) => fact);
  };
  const begun = 'SIGN_IN USER MEMBER from somewhere';
  const ended = 'SIGN_OUT USER MEMBER from somewhere';
  const send = (query: string, token: string): Promise<Answer> => stage.send(query, { token });
  const first = await login();
  const second = await rotated(first.refresh);
  expect(await facts()).toEqual([begun]);
  await send('mutation { logout { endedSessions } }', second.access);
  expect(await facts()).toEqual([begun, ended]);

  const [here, there] = [await login(), await login()];
  const { data } = await send('{ sessions { id isCurrent } }', here.access);
  const other = (data.sessions as { id: string; isCurrent: boolean }[]).find(({ isCurrent }) => !isCurrent)?.id;
  await send(`mutation { revokeSession(id: "${other}") { endedSessions } }`, here.access);
  await send(`mutation { revokeSession(id: "${other}") { endedSessions } }`, here.access);
  expect(await refreshed(there.refresh)).toBe('SESSION_ENDED');
  expect((await facts()).slice(2)).toEqual([begun, begun, 'REVOKE USER MEMBER from somewhere']);
  // The one that the organization of the test was made with ends too.
  await send('mutation { logoutEverywhere { endedSessions } }', here.access);
  expect((await facts()).slice(5)).toEqual([ended, ended]);

  const stolen = await login();
  const next = await rotated(stolen.refresh);
  await rotated((await rotated(next.refresh)).refresh);
  expect(await refreshed(stolen.refresh)).toBe('SESSION_ENDED');
  expect((await facts()).slice(7)).toEqual([begun, 'TOKEN_THEFT SYSTEM from somewhere']);
  const verified = await stage.send('{ auditVerify { ok } }', { token: stage.tokenOf(org, 'OWNER') });
  expect(verified.data.auditVerify).toEqual({ ok: true });
});
