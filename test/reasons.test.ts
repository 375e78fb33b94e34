import { openStage, type Answer, type Stage } from './support/app.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let org: Organization;
beforeAll(async () => {
  stage = await openStage();
});
beforeEach(async () => {
  org = await stage.world.organization();
});
afterAll(() => stage.close());

const send = (query: string, variables: Record<string, unknown> = {}, role: 'OWNER' | 'MEMBER' = 'OWNER'): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, role), variables });
const SHOWN = 'deal { id status wonReason lostReason closeNote version }';
const win = (id: string, input?: object): Promise<Answer> =>
  send(`mutation ($id: ID!, $i: WinDealInput) { winDeal(id: $id, input: $i) { ${SHOWN} } }`, { id, i: input });
const lose = (id: string, input?: object): Promise<Answer> =>
  send(`mutation ($id: ID!, $i: LoseDealInput) { loseDeal(id: $id, input: $i) { ${SHOWN} } }`, { id, i: input });
const reopen = (id: string): Promise<Answer> => send(`mutation ($id: ID!) { reopenDeal(id: $id) { ${SHOWN} } }`, { id });
const set = (settings: object, role: 'OWNER' | 'MEMBER' = 'OWNER'): Promise<Answer> =>
  send(
    'mutation ($s: OrganizationSettingsInput) { updateOrganization(input: { settings: $s }) { organization { settings { wonReasons lostReasons } } } }',
    { s: settings },
    role,
  );
const codesOf = ({ errors }: Answer): unknown => errors?.[0]?.extensions.fields?.map(({ path, code }) => [path.join('.'), code]);

test('where an organization lists no reasons any text is one, and closing needs none', async () => {
  const [one, other] = [await stage.world.deal(org), await stage.world.deal(org)];
  expect((await win(one, { reason: 'They like us', note: 'And the price' })).data.winDeal.deal).toMatchObject({
    status: 'WON',
    wonReason: 'They like us',
    lostReason: null,
    closeNote: 'And the price',
  });
  expect((await lose(other)).data.loseDeal.deal).toMatchObject({ status: 'LOST', wonReason: null, lostReason: null });
});

test('where it lists some, one of them is to be chosen', async () => {
  const { data } = await set({ wonReasons: ['Price', 'Quality'], lostReasons: ['Budget'] });
  expect(data.updateOrganization.organization.settings).toEqual({ wonReasons: ['Price', 'Quality'], lostReasons: ['Budget'] });
  const id = await stage.world.deal(org);
  const refused = await lose(id, { reason: 'Price' });
  expect(codesOf(refused)).toEqual([['input.reason', 'NOT_LISTED']]);
  expect(refused.errors?.[0]?.message).toContain('Budget');
  expect((await lose(id, { reason: 'Budget', note: 'Next year' })).data.loseDeal.deal).toMatchObject({
    lostReason: 'Budget',
    closeNote: 'Next year',
    version: 2,
  });
  // Losing what is lost changes nothing, its reason neither.
  expect((await lose(id, { reason: 'Budget', note: 'Other' })).data.loseDeal.deal).toMatchObject({
    closeNote: 'Next year',
    version: 2,
  });
  // A reason that is no longer listed stays with the deals that have it.
  await set({ lostReasons: ['Competitor'] });
  expect((await send('query ($id: ID!) { deal(id: $id) { lostReason } }', { id })).data.deal.lostReason).toBe('Budget');
  expect(codesOf(await win(await stage.world.deal(org), { reason: 'Budget' }))).toEqual([['input.reason', 'NOT_LISTED']]);
});

test('reopening clears reason and note, and the deal can be closed the other way', async () => {
  const id = await stage.world.deal(org);
  await lose(id, { reason: 'Budget', note: 'Next year' });
  expect((await reopen(id)).data.reopenDeal.deal).toMatchObject({
    status: 'OPEN',
    wonReason: null,
    lostReason: null,
    closeNote: null,
  });
  expect((await win(id, { reason: 'Budget came' })).data.winDeal.deal).toMatchObject({
    wonReason: 'Budget came',
    lostReason: null,
  });
});

test('deals are filtered by their reasons, those of before among them', async () => {
  const old = await stage.world.deal(org, { status: 'LOST', closed_at: new Date().toISOString(), lost_reason: 'Too expensive' });
  const lost = await stage.world.deal(org);
  await lose(lost, { reason: 'Too expensive' });
  const won = await stage.world.deal(org);
  await win(won, { reason: 'Cheap' });
  const find = async (filter: object): Promise<string[]> =>
    (
      await send('query ($f: DealFilter) { deals(filter: $f, orderBy: [{ createdAt: ASC }]) { nodes { id } } }', { f: filter })
    ).data.deals.nodes.map((deal: { id: string }) => deal.id);
  expect((await find({ lostReason: { eq: 'Too expensive' } })).sort()).toEqual([old, lost].sort());
  expect(await find({ wonReason: { in: ['Cheap', 'Quick'] } })).toEqual([won]);
  expect((await find({ lostReason: { contains: 'EXPENSIVE' }, status: { eq: 'LOST' } })).sort()).toEqual([old, lost].sort());
});

test('lists of reasons are lists of different, short texts, set by those who may set settings', async () => {
  expect(codesOf(await set({ wonReasons: ['Price', 'Price'] }))).toEqual([['input.settings.wonReasons', 'INVALID']]);
  expect(codesOf(await set({ wonReasons: [' '] }))).toEqual([['input.settings.wonReasons', 'INVALID']]);
  expect(codesOf(await set({ lostReasons: ['x'.repeat(501)] }))).toEqual([['input.settings.lostReasons', 'INVALID']]);
  expect(codesOf(await set({ lostReasons: Array.from({ length: 101 }, (_, index) => `Reason ${index}`) }))).toEqual([
    ['input.settings.lostReasons', 'INVALID'],
  ]);
  expect(codesOf(await set({ lostReasons: null }))).toEqual([['input.settings.lostReasons', 'INVALID']]);
  expect((await set({ lostReasons: ['Price'] }, 'MEMBER')).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await set({ lostReasons: [] })).data.updateOrganization.organization.settings.lostReasons).toEqual([]);
});

test('a reason that is too long, or holds what no text can, is refused', async () => {
  const id = await stage.world.deal(org);
  expect(codesOf(await win(id, { reason: 'x'.repeat(501) }))).toEqual([['input.reason', 'INVALID']]);
  expect(codesOf(await lose(id, { note: 'x'.repeat(10_001) }))).toEqual([['input.note', 'INVALID']]);
  expect(codesOf(await lose(id, { note: 'NUL \0' }))).toEqual([['input.note', 'INVALID']]);
});
