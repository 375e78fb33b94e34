import { randomUUID } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pino } from 'pino';
import { readConfig } from '../src/config.js';
import { createBackup } from '../src/db/backup/index.js';
import { erasureLedger, type ErasureLedger } from '../src/domain/gdpr/ledger.js';
import { start } from '../src/start.js';
import { openStage, type Answer, type Stage } from './support/app.js';
import { ROOT, SECRET } from './support/cluster.js';
import { connect, type TestDatabase } from './support/database.js';
import { dump, hits } from './support/dump.js';
import { person, seedPerson, tokensOf, type Person } from './support/person.js';
import { restoredDatabase, settingsFor } from './support/restored.js';
import type { Organization } from './support/world.js';

const folder = mkdtempSync(path.join(tmpdir(), 'pulse-ledger-'));
const file = path.join(folder, 'elsewhere', 'erasures.jsonl');
const log = pino({ level: 'silent' });

let stage: Stage;
beforeAll(async () => {
  stage = await openStage({ erasureLedger: file });
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true, force: true });
});

const ERASE = `mutation ($id: ID!) { eraseContact(id: $id, reason: "Asked for by letter") { erasure { id receipt } } }`;
const ERASURE = '{ requestedBy { id } reason receipt }';

const attempt = (org: Organization, query: string, variables: object = {}): Promise<Answer> =>
  stage.send(query, { token: stage.tokenOf(org, 'ADMIN'), variables: variables as Record<string, unknown> });

async function ask<Data>(org: Organization, query: string, variables: object = {}): Promise<Data> {
  const answer = await attempt(org, query, variables);
  expect(answer.errors).toBeUndefined();
  return Object.values(answer.data as object)[0] as Data;
}

const seed = (org: Organization, p: Person): Promise<{ contactId: string; dealId: string }> =>
  seedPerson((query, variables) => ask(org, query, variables), p);

let backups = 0;
async function backup(): Promise<string> {
  const target = path.join(folder, `backup-${(backups += 1)}`);
  await createBackup({ url: stage.database.ownerUrl, folder: target, secret: SECRET, say: () => undefined });
  return target;
}

interface Lines {
  /** What the terminal showed. */
  shown: string[];
  /** What a query answers once `/readyz` says 200. */
  ask: (org: Organization, query: string) => Promise<unknown>;
}

/** Starts Pulse on a database as `npm start` does, and stops it again. */
async function whileRunning(database: TestDatabase, ledger: string, work: (running: Lines) => Promise<void>): Promise<void> {
  const shown: string[] = [];
  const running = await start(ROOT, readConfig(ROOT, { ...settingsFor(database), ERASURE_LEDGER: ledger }), log, (line) =>
    shown.push(line),
  );
  try {
    const { statusCode } = await running.app.http.inject({ url: '/readyz' });
    expect(statusCode).toBe(200);
    const question = async (org: Organization, query: string): Promise<unknown> => {
      const headers = { authorization: `Bearer ${stage.tokenOf(org, 'ADMIN')}` };
      const answer = await running.app.http.inject({ method: 'POST', url: '/graphql', headers, payload: { query } });
      return Object.values(answer.json<{ data: object }>().data)[0];
    };
    await work({ shown, ask: question });
  } finally {
    await running.stop();
  }
}

async function contents(database: TestDatabase): Promise<string> {
  const client = await connect(database.ownerUrl);
  try {
    return await dump(client);
  } finally {
    await client.end();
  }
}

const ledgerOf = (where: string, secret = SECRET): ErasureLedger =>
  erasureLedger({ file: where, secret, now: Date.now, complain: () => undefined });

test('a backup that is restored has nobody back who was erased after it, before the server is ready', async () => {
  const org = await stage.world.organization();
  const [gone, kept] = [person(), person()];
  const { contactId } = await seed(org, gone);
  await stage.world.contact(org, { last_name: kept['lastName'] });
  await stage.mails(org.id);
  const others: string[] = [];
  for (let count = 0; count < 4; count += 1) others.push(await stage.world.contact(org, { last_name: `Gone too ${count}` }));
  const before = await backup();
  const { erasure } = await ask<{ erasure: { id: string; receipt: string } }>(org, ERASE, { id: contactId });
  for (const more of others) await ask(org, ERASE, { id: more });
  const after = await stage.world.contact(org);
  await ask(org, ERASE, { id: after });

  const told = readFileSync(file, 'utf8');
  expect(hits(told, [...tokensOf(gone), 'Asked for'])).toEqual([]);
  expect(told.match(/"step":"\w+"/g)).toEqual(Array.from({ length: 6 }, () => ['"step":"INTENDED"', '"step":"DONE"']).flat());
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const restored = await restoredDatabase(before);
  expect(hits(await contents(restored), tokensOf(gone))).toEqual(tokensOf(gone));
  // Two that start at once, each looks for the same people.
  const counted: string[] = [];
  const another = whileRunning(restored, file, async ({ shown }) => void counted.push(...shown));
  await whileRunning(restored, file, async (running) => {
    counted.push(...running.shown);
    const whole = await contents(restored);
    expect(hits(whole, tokensOf(gone))).toEqual([]);
    expect(hits(whole, [kept['lastName'] ?? ''])).toHaveLength(1);
    expect(await running.ask(org, '{ auditVerify { ok isComplete } }')).toEqual({ ok: true, isComplete: true });
    const facts = '{ auditLog(first: 50, filter: { action: { eq: "ERASE" } }) { nodes { actorKind actorId } } }';
    const { nodes } = (await running.ask(org, facts)) as { nodes: unknown[] };
    expect(nodes.length).toBeGreaterThan(3);
    expect(new Set(nodes.map((node) => JSON.stringify(node)))).toEqual(new Set(['{"actorKind":"SYSTEM","actorId":null}']));
    expect(await running.ask(org, `{ erasure(recordId: "${contactId}") ${ERASURE} }`)).toMatchObject({ requestedBy: null });
    const check = `{ verifyErasureReceipt(receipt: "${erasure.receipt}") { isValid erasure { id } } }`;
    expect(await running.ask(org, check)).toEqual({ isValid: true, erasure: { id: erasure.id } });
  });
  await another;
  const again = counted.map((line) =>
    Number(/^(\d) who had been erased after this backup were erased again/.exec(line)?.[1] ?? 0),
  );
  expect(again.reduce((sum, count) => sum + count, 0)).toBe(5);
  // What is known is left as it is.
  const size = statSync(file).size;
  await whileRunning(restored, file, async ({ shown }) => expect(shown).toEqual([]));
  expect(statSync(file).size).toBe(size);
}, 60_000);

test('an erasure that cannot be written down does not happen, and says so', async () => {
  const blocked = path.join(folder, 'a-file');
  writeFileSync(blocked, '');
  const failing = await openStage({ erasureLedger: path.join(blocked, 'erasures.jsonl') });
  try {
    const org = await failing.world.organization();
    const p = person();
    const token = failing.tokenOf(org, 'OWNER');
    const { contactId } = await seedPerson(async (query, variables = {}) => {
      const answer = await failing.send(query, { token, variables: variables as Record<string, unknown> });
      return Object.values(answer.data as object)[0] as never;
    }, p);
    const before = await dump(failing.world.client);
    const refused = await failing.send(ERASE, { token, variables: { id: contactId } });
    expect(refused.errors).toMatchObject([
      {
        message:
          'The ledger of erasures cannot be written just now, so nobody was erased. Tell whoever runs Pulse for you (ERASURE_LEDGER).',
        extensions: { code: 'UNAVAILABLE', retryAfterSeconds: 60 },
      },
    ]);
    expect(await dump(failing.world.client)).toBe(before);
  } finally {
    await failing.close();
  }
});

describe('people whom a retention rule erases', () => {
  /** Activates a rule that reaches the one lead of an organization of its own. @returns the lead, and what a worker then does. */
  async function withDueLead(on: Stage): Promise<{ org: Organization; leadId: string; shown: () => Promise<Answer> }> {
    const org = await on.world.organization();
    const old = new Date(Date.now() - 400 * 86_400_000).toISOString();
    const leadId = await on.world.contact(org, { status: 'LEAD', created_at: old, updated_at: old });
    const send = (query: string): Promise<Answer> => on.send(query, { token: on.tokenOf(org, 'ADMIN') });
    const made = await send('mutation { setRetentionRule(input: { kind: INACTIVE_LEADS, span: 12 }) { retentionRule { id } } }');
    const { id } = made.data.setRetentionRule.retentionRule;
    const activate = `mutation { activateRetentionRule(id: "${id}", previewedCount: 1, expectedVersion: 1) { retentionRule { state } } }`;
    expect((await send(activate)).errors).toBeUndefined();
    return { org, leadId, shown: () => send('{ retentionRules { runs { state removed error } } }') };
  }
  const runOf = ({ data }: Answer): unknown => data.retentionRules[0].runs[0];

  test('are in it, so that a restored backup does not have them back', async () => {
    const { org, leadId, shown } = await withDueLead(stage);
    await stage.mails(org.id);
    expect(runOf(await shown())).toEqual({ state: 'DONE', removed: 1, error: null });
    const lines = readFileSync(file, 'utf8').split('\n');
    const theirs = lines.filter((line) => line.includes(leadId)).map((line) => JSON.parse(line) as { step: string });
    expect(theirs.map(({ step }) => step)).toEqual(['INTENDED', 'DONE']);
  });

  test('are not erased while it cannot be written: the sweep says so, and waits', async () => {
    const blocked = path.join(folder, 'another-file');
    writeFileSync(blocked, '');
    const failing = await openStage({ erasureLedger: path.join(blocked, 'erasures.jsonl') });
    try {
      const { org, leadId, shown } = await withDueLead(failing);
      await expect(failing.mails(org.id)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
      expect(runOf(await shown())).toEqual({ state: 'RUNNING', removed: 0, error: 'DomainError UNAVAILABLE' });
      const { rows } = await failing.world.client.query('SELECT erased_at FROM contacts WHERE id = $1', [leadId]);
      expect(rows).toEqual([{ erased_at: null }]);
    } finally {
      await failing.close();
    }
  });
});

describe('a ledger that is not whole', () => {
  /** A copy of the ledger to do something to. */
  function copy(name: string, text: string): string {
    const target = path.join(folder, name);
    writeFileSync(target, text);
    return target;
  }

  const erased = (org: Organization, recordId: string) =>
    ({ erasureId: randomUUID(), organizationId: org.id, kind: 'CONTACT', recordId }) as const;

  test('keeps the server from starting where a line was edited, and names it', async () => {
    const where = path.join(folder, 'edited.jsonl');
    const org = await stage.world.organization();
    for (let count = 0; count < 3; count += 1) await ledgerOf(where).intend(erased(org, randomUUID()), 'Asked for');
    const lines = readFileSync(where, 'utf8').split('\n');
    const second = lines[1] ?? '';
    for (const wrong of [
      second.replace('INTENDED', 'DONE'),
      second.replace(org.id, randomUUID()),
      second.replace('"v"', ' "v"'),
      '{}',
    ]) {
      const edited = copy('edited-too.jsonl', [lines[0], wrong, lines[2], ''].join('\n'));
      await expect(ledgerOf(edited).read()).rejects.toThrow(/^Line 2 of the ledger of erasures .+ is not as Pulse wrote it/);
    }
    const edited = path.join(folder, 'edited-too.jsonl');
    await expect(whileRunning(stage.database, edited, async () => undefined)).rejects.toThrow(/^Line 2 of the ledger/);
    await expect(ledgerOf(where, `another ${SECRET}`).read()).rejects.toThrow(/^Line 1 .+ SECRET_KEY/);
    await expect(ledgerOf(folder).read()).rejects.toThrow(/cannot be read/);
  }, 30_000);

  test('is taken without the line a crash cut short, and goes on behind it', async () => {
    const org = await stage.world.organization();
    const where = path.join(folder, 'cut.jsonl');
    const [first, last] = [erased(org, randomUUID()), erased(org, randomUUID())];
    await ledgerOf(where).intend(first, 'Asked for');
    appendFileSync(where, '{"v":1,"step":"INTEN');
    await whileRunning(stage.database, where, async ({ shown }) =>
      expect(shown).toEqual([
        'Line 2 of the ledger of erasures was never finished: its erasure did not happen. It is passed over.',
      ]),
    );
    await ledgerOf(where).intend(last, 'Asked for');
    const { lines, unfinished } = await ledgerOf(where).read();
    expect(lines.map(({ recordId }) => recordId)).toEqual([first.recordId, last.recordId]);
    expect(unfinished).toEqual([2]);
  }, 30_000);

  test('has an erasure that a crash kept from ending settled by what the database knows, and never carries out one that may have failed', async () => {
    const org = await stage.world.organization();
    const [committed, failed] = [await stage.world.contact(org), await stage.world.contact(org, { last_name: 'Still here' })];
    const { erasure } = await ask<{ erasure: { id: string } }>(org, ERASE, { id: committed });
    const where = path.join(folder, 'open.jsonl');
    const lost = erased(org, failed);
    await ledgerOf(where).intend({ ...erased(org, committed), erasureId: erasure.id }, 'Asked for');
    await ledgerOf(where).intend(lost, 'Asked for');
    await whileRunning(stage.database, where, async ({ shown }) => {
      expect(shown).toEqual([
        `The erasure of contact ${failed} of organization ${org.id} was begun and never heard of again, and the database does not know it. Ask for it anew.`,
      ]);
    });
    await whileRunning(stage.database, where, async (running) => {
      expect(running.shown).toEqual([]);
      expect(await running.ask(org, `{ contact(id: "${failed}") { lastName } }`)).toEqual({ lastName: 'Still here' });
    });
    const steps = (await ledgerOf(where).read()).lines.map(({ step, recordId }) => [step, recordId]);
    expect(steps.slice(2)).toEqual([
      ['DONE', committed],
      ['FAILED', failed],
    ]);
  }, 30_000);

  test('gets the end of an erasure with its next line, when the disk was full for a moment', async () => {
    const where = path.join(folder, 'moment', 'erasures.jsonl');
    const org = await stage.world.organization();
    const ledger = ledgerOf(where);
    const one = erased(org, randomUUID());
    await ledger.intend(one, 'Asked for');
    const text = readFileSync(where);
    rmSync(where);
    mkdirSync(where);
    await ledger.settle(one, 'DONE');
    rmSync(where, { recursive: true });
    writeFileSync(where, text);
    await ledger.intend(erased(org, randomUUID()), 'Asked for');
    expect((await ledger.read()).lines.map(({ step }) => step)).toEqual(['INTENDED', 'DONE', 'INTENDED']);
  });
});

test('a server without erasures makes no ledger', async () => {
  const where = path.join(folder, 'none', 'erasures.jsonl');
  await whileRunning(stage.database, where, async ({ shown }) => expect(shown).toEqual([]));
  expect(existsSync(where)).toBe(false);
});
