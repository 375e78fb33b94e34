import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Client } from 'pg';
import { createBackup, restoreBackup } from '../src/db/backup/index.js';
import {
  anchorSignatures,
  appendAnchors,
  headsNow,
  lastAnchors,
  newAnchors,
  readAnchors,
  type Anchor,
} from '../src/db/chain/anchors.js';
import { describeVerdict, isInOrder } from '../src/db/chain/describe.js';
import { restoreSignatures } from '../src/db/chain/restores.js';
import { verifyAll, type Verdict } from '../src/db/chain/verify-all.js';
import { doJobs } from '../src/worker.js';
import { openStage, type Stage } from './support/app.js';
import { asAdmin, ROOT, SECRET } from './support/cluster.js';
import { connect, freshDatabase, testCluster } from './support/database.js';
import type { Organization } from './support/world.js';

const scratch = mkdtempSync(path.join(tmpdir(), 'pulse-anchors-'));
const file = path.join(scratch, 'anchors.jsonl');
const { sign, verify } = anchorSignatures(SECRET);
const { verify: verifyRestore } = restoreSignatures(SECRET);

let stage: Stage;
let admin: Client;
let org: Organization;

beforeAll(async () => {
  stage = await openStage();
  admin = await connect(stage.database.adminUrl);
  org = await stage.world.organization();
});
afterAll(async () => {
  await admin.end();
  await stage.close();
  rmSync(scratch, { recursive: true, force: true });
});

async function addFacts(of: Organization, times = 1): Promise<void> {
  for (let n = 0; n < times; n += 1) {
    const { errors } = await stage.send('mutation { createContact(input: { firstName: "Ada" }) { contact { id } } }', {
      token: stage.tokenOf(of),
    });
    expect(errors).toBeUndefined();
  }
}

async function anchorsNow(client: Client = admin): Promise<Anchor[]> {
  return headsNow(client);
}

async function verdictOn(
  client: Client,
  anchors: readonly Anchor[],
  { id } = org,
  gone: string[] = [],
): Promise<Verdict | undefined> {
  for await (const verdict of verifyAll(client, { anchors, verifyRestore, gone }))
    if (verdict.organizationId === id) return verdict;
  return undefined;
}

/** What a superuser does, whom no trigger stops; undone afterwards. */
async function tampered<Result>(client: Client, statements: string[], look: () => Promise<Result>): Promise<Result> {
  const run = async (texts: string[]): Promise<void> => {
    await client.query('SET session_replication_role = replica');
    for (const text of texts) await client.query(text);
    await client.query('RESET session_replication_role');
  };
  const tables = ['audit_logs', 'audit_heads', 'audit_values'];
  await run(tables.map((table) => `CREATE TEMP TABLE kept_${table} AS SELECT * FROM ${table}`));
  try {
    await run(statements);
    return await look();
  } finally {
    await run(
      tables.flatMap((table) => [
        `DELETE FROM ${table}`,
        `INSERT INTO ${table} SELECT * FROM kept_${table}`,
        `DROP TABLE kept_${table}`,
      ]),
    );
  }
}

const cutAfter = (seq: number, { id } = org): string[] => [
  `DELETE FROM audit_logs WHERE org_id = '${id}' AND seq > ${seq}`,
  `UPDATE audit_heads SET seq = ${seq} WHERE org_id = '${id}'`,
];

describe('a file of anchors', () => {
  test('grows by what is new', async () => {
    await addFacts(org, 2);
    const first = await anchorsNow();
    await appendAnchors(file, newAnchors(first, await readAnchors(file, verify)), sign);
    expect(await readAnchors(file, verify)).toEqual(first);
    expect(first.find(({ organizationId }) => organizationId === org.id)).toMatchObject({ seq: 2 });
    expect(newAnchors(await anchorsNow(), first)).toEqual([]);
    await addFacts(org);
    expect(newAnchors(await anchorsNow(), first)).toMatchObject([{ organizationId: org.id, seq: 3 }]);
  });

  test('that was changed is refused, by its line; a last line that was cut off is not', async () => {
    const copy = path.join(scratch, 'copy.jsonl');
    const [line = ''] = readFileSync(file, 'utf8').split('\n');
    writeFileSync(copy, `${line}\n${line.replace(/\.(.)/, (_, letter: string) => `.${letter === 'x' ? 'y' : 'x'}`)}\n`);
    await expect(readAnchors(copy, verify)).rejects.toThrow(/^Line 2 of .* is no anchor signed with this SECRET_KEY/);
    writeFileSync(copy, `${line}\n`);
    appendFileSync(copy, line.slice(0, 40));
    expect(await readAnchors(copy, verify)).toHaveLength(1);
    await expect(readAnchors(copy, anchorSignatures(`${SECRET}!`).verify)).rejects.toThrow('Line 1');
  });

  test('is read on from where it was read to, by whom it is kept, and anew when it is another file', async () => {
    const kept = path.join(scratch, 'read-on.jsonl');
    let verified = 0;
    const readKnown = lastAnchors(kept, (line) => {
      verified += 1;
      return verify(line);
    });
    const anchor = (organizationId: string, seq: number): Anchor => ({
      ...{ organizationId, seq, hash: String(seq).repeat(64), anchoredAt: new Date(0).toISOString() },
    });
    expect(await readKnown()).toEqual([]);
    await appendAnchors(kept, [anchor('a', 1), anchor('b', 1)], sign);
    expect(await readKnown()).toEqual([anchor('a', 1), anchor('b', 1)]);
    // Somebody else's line, as it is being written.
    const line = sign(anchor('a', 2));
    appendFileSync(kept, line.slice(0, 20));
    expect(await readKnown()).toEqual([anchor('a', 1), anchor('b', 1)]);
    appendFileSync(kept, `${line.slice(20)}\n`);
    expect(await readKnown()).toEqual([anchor('a', 2), anchor('b', 1)]);
    expect(verified).toBe(3);
    appendFileSync(kept, 'no anchor\n');
    for (let times = 0; times < 2; times += 1) await expect(readKnown()).rejects.toThrow(/^Line 4 of /);
    writeFileSync(kept, `${sign(anchor('c', 3))}\n`);
    expect(await readKnown()).toEqual([anchor('c', 3)]);
    rmSync(kept);
    expect(await readKnown()).toEqual([]);
  });

  test('is kept by the worker, with its own role', async () => {
    const kept = path.join(scratch, 'kept.jsonl');
    const heads = await anchorsNow();
    const settings = { webUrl: 'https://app.example', mailFrom: 'crm@example.com', mailer: () => Promise.resolve() };
    const jobs = await doJobs(stage.app, {
      ...settings,
      workerUrl: stage.database.workerUrl,
      anchors: { file: kept, secret: SECRET },
      log: stage.app.http.log as never,
    });
    try {
      const wanted = heads.map(({ organizationId, seq, hash }) => ({ organizationId, seq, hash }));
      while ((await readAnchors(kept, verify)).length < heads.length) await new Promise((resolve) => setTimeout(resolve, 20));
      expect(await readAnchors(kept, verify)).toMatchObject(wanted);
    } finally {
      await jobs.stop();
    }
  });
});

describe('against anchors', () => {
  test('a chain that goes on is in order; a tail that was cut off is found, and its first fact named', async () => {
    await addFacts(org, 5);
    const anchors = await anchorsNow();
    await addFacts(org);
    const { seq = 0 } = anchors.find(({ organizationId }) => organizationId === org.id) ?? {};
    expect(await verdictOn(admin, anchors)).toMatchObject({ report: { checked: seq + 1, firstBad: null }, restores: [] });
    const cut = await tampered(admin, cutAfter(seq - 2), () => verdictOn(admin, anchors));
    expect(cut?.report?.firstBad).toEqual({ seq: seq - 1, reason: 'MISSING_FACT' });
    expect(describeVerdict(cut as Verdict)).toEqual([`${org.id}: fact ${seq - 1} is missing (MISSING_FACT).`]);
    const past = await tampered(admin, cutAfter(seq), () => verdictOn(admin, anchors));
    expect(past?.report?.firstBad).toBeNull();
  });

  test('a chain that went on otherwise after a cut is found', async () => {
    const other = await stage.world.organization();
    await addFacts(other, 3);
    const anchors = await anchorsNow();
    const verdict = await tampered(admin, cutAfter(1, other), async () => {
      await addFacts(other, 4);
      return verdictOn(admin, anchors, other);
    });
    expect(verdict?.report?.firstBad).toEqual({ seq: 3, reason: 'OTHER_THAN_ANCHOR' });
  });

  test('anchors that contradict each other match nothing', async () => {
    const anchors = await anchorsNow();
    const twice = [...anchors, ...anchors.map((anchor) => ({ ...anchor, hash: 'ab'.repeat(32) }))];
    expect((await verdictOn(admin, twice))?.report?.firstBad?.reason).toBe('OTHER_THAN_ANCHOR');
  });

  test('an organization that is not there any more is found, unless it is known to be gone', async () => {
    const [anchor] = await anchorsNow();
    const id = '00000000-0000-4000-8000-000000000000';
    const anchors = [{ ...(anchor as Anchor), organizationId: id }];
    const verdict = await verdictOn(admin, anchors, { id } as Organization);
    expect(isInOrder(verdict as Verdict)).toBe(false);
    expect(describeVerdict(verdict as Verdict)).toEqual([expect.stringContaining('name it with --gone')]);
    expect(await verdictOn(admin, anchors, { id } as Organization, [id])).toBeUndefined();
  });
});

describe('a restored backup', () => {
  let restored: Client;
  let url: string;
  /** Of before the restore, when more had happened than the backup has. */
  let before: Anchor[];
  let last: number;

  beforeAll(async () => {
    const folder = path.join(scratch, 'backup');
    await createBackup({ url: stage.database.ownerUrl, folder, secret: SECRET, say: () => undefined });
    last = (await anchorsNow()).find(({ organizationId }) => organizationId === org.id)?.seq ?? 0;
    await addFacts(org, 3);
    before = await anchorsNow();
    const database = await freshDatabase();
    const cluster = testCluster();
    await asAdmin(cluster.adminUrl, [
      `DROP DATABASE ${database.name}`,
      `CREATE DATABASE ${database.name} OWNER ${cluster.owner}`,
    ]);
    const { ownerUrl, appUrl, signinUrl, workerUrl, adminUrl } = database;
    const roles = { ownerUrl, appUrl, signinUrl, workerUrl, readerRole: `${cluster.template}_reader`, secret: SECRET };
    await restoreBackup({ root: ROOT, folder, roles, startOver: false, say: () => undefined });
    url = adminUrl;
    restored = await connect(adminUrl);
  }, 60_000);
  afterAll(() => restored.end());

  test('says so at the end of each chain, which then is in order, and what is not there is told', async () => {
    const { rows } = await restored.query(
      `SELECT org_id FROM audit_heads WHERE seq <> (SELECT count(*) FROM audit_logs a WHERE a.org_id = audit_heads.org_id)`,
    );
    expect(rows).toEqual([]);
    const verdict = await verdictOn(restored, before);
    expect(verdict?.report).toMatchObject({ checked: last + 1, firstBad: null });
    expect(verdict?.restores).toMatchObject([{ seq: last, lostThrough: last + 3 }]);
    expect(describeVerdict(verdict as Verdict)[0]).toContain(
      `which ended with fact ${last}; facts ${last + 1} to ${last + 3} of the history before are not here`,
    );
  });

  test('excuses nothing that came after it', async () => {
    const after = await anchorsNow(restored);
    const verdict = await tampered(restored, cutAfter(last), () => verdictOn(restored, [...before, ...after]));
    expect(verdict?.report?.firstBad).toEqual({ seq: last + 1, reason: 'MISSING_FACT' });
  });

  test.each([
    ['signed with another secret', (told: string) => restoreSignatures(`${SECRET}!`).sign(verifyRestore(told) as never), 0],
    ['of another organization', (told: string) => told, 1],
    ['that stands elsewhere', (told: string) => told, 2],
  ])('does not excuse a cut tail by a note %s', async (_, forge, way) => {
    const { rows } = await restored.query<{ told: string }>(
      `SELECT changes ->> '@restored' AS told FROM audit_logs WHERE action = 'RESTORE_BACKUP' AND (org_id = $1) = $2 LIMIT 1`,
      [org.id, way !== 1],
    );
    const told = forge(rows[0]?.told ?? '');
    // As the trigger would chain it: the forger knows how hashes are made.
    const statements = [
      ...cutAfter(way === 2 ? last - 1 : last),
      `INSERT INTO audit_logs SELECT (n).* FROM (
         SELECT jsonb_populate_record(l, jsonb_build_object('id', gen_random_uuid(), 'seq', l.seq + 1, 'action', 'RESTORE_BACKUP', 'prev_hash', l.hash,
                  'changes', jsonb_build_object('@restored', '${told}'), 'ip_address', null)) AS n
           FROM audit_logs l WHERE org_id = '${org.id}' ORDER BY seq DESC LIMIT 1) AS made`,
      `UPDATE audit_logs l SET hash = audit_hash(prev_hash, l) WHERE org_id = '${org.id}' AND seq = (SELECT max(seq) FROM audit_logs WHERE org_id = '${org.id}')`,
      `UPDATE audit_heads SET seq = (SELECT max(seq) FROM audit_logs WHERE org_id = '${org.id}') WHERE org_id = '${org.id}'`,
    ];
    const verdict = await tampered(restored, statements, () => verdictOn(restored, before));
    expect(verdict?.restores).toEqual([]);
    expect(verdict?.report?.firstBad).not.toBeNull();
  });

  test('is verified by the command, which ends with 1 once something is wrong', async () => {
    const outside = path.join(scratch, 'outside.jsonl');
    await appendAnchors(outside, before, sign);
    expect(await command('anchor', url, outside)).toMatchObject({ code: 0 });
    const good = await command('verify', url, outside);
    expect(good).toMatchObject({ code: 0 });
    expect(good.said).toMatch(/fact \d+; facts \d+ to \d+ of the history before are not here\.\n.* all in order\.\n$/s);
    const bad = await tampered(restored, cutAfter(last - 1), () => command('verify', url, outside));
    expect(bad.code).toBe(1);
    expect(bad.said).toContain(`${org.id}: fact ${last} is missing (MISSING_FACT).`);
  });
});

/** A command line, as a process of its own. */
function command(name: 'anchor' | 'verify', url: string, anchors: string): Promise<{ code: number; said: string }> {
  const args = ['--import', 'tsx', `src/audit-${name}-cli.ts`, '--file', anchors];
  const env = { PATH: process.env['PATH'], DATABASE_URL: url, SECRET_KEY: SECRET, PULSE_DATA_DIR: scratch };
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: ROOT, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code ?? 1) : 0, said: stdout + stderr }),
    );
  });
}
