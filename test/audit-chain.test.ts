import fc from 'fast-check';
import type pg from 'pg';
import { compile, type Sql } from '../src/db/engine/sql.js';
import { chainHead, change, verifyChain, type ChainReport, type Erasure } from '../src/db/index.js';
import { callerOf, openStage, type Stage } from './support/app.js';
import { connect } from './support/database.js';
import type { Organization } from './support/world.js';

let stage: Stage;
let app: pg.Client;

beforeAll(async () => {
  stage = await openStage();
  app = await connect(stage.database.appUrl);
});
afterAll(() => Promise.all([app.end(), stage.close()]));

const rows = async <Row extends object>(text: string, values: unknown[]): Promise<Row[]> =>
  (await stage.world.client.query<Row>(text, values)).rows;

/** A change that erases values, as a room would make it. */
function erase(org: Organization, erasure: Erasure): Promise<string> {
  const origin = { requestId: 'erasing', ip: '192.0.2.7', operation: 'eraseContact' };
  const request = { caller: callerOf(org, 'ADMIN'), database: stage.app.database, origin, idempotency: null };
  return change(request, erasure.subject.id, async (writer) => writer.eraseValues(erasure));
}

async function contactWithFacts(org: Organization): Promise<string> {
  const token = stage.tokenOf(org, 'ADMIN');
  const made = await stage.send(
    'mutation { createContact(input: { firstName: "Ada", lastName: "Lovelace" }) { contact { id } } }',
    {
      token,
    },
  );
  const { id } = made.data.createContact.contact as { id: string };
  await stage.send('mutation ($id: ID!) { updateContact(id: $id, input: { firstName: "Augusta" }) { contact { id } } }', {
    token,
    variables: { id },
  });
  return id;
}

const valuesOf = (org: Organization, id: string): Promise<{ seq: string; field: string }[]> =>
  rows(
    `SELECT a.seq, v.field FROM audit_logs a JOIN audit_values v ON v.org_id = a.org_id AND v.audit_id = a.id
      WHERE a.org_id = $1 AND a.entity_id = $2 ORDER BY 1, 2`,
    [org.id, id],
  );

describe('erasing values of facts', () => {
  test('takes them away and leaves a fact of it with the reason, and the list', async () => {
    const org = await stage.world.organization();
    const id = await contactWithFacts(org);
    const other = await contactWithFacts(org);
    const before = await valuesOf(org, other);
    await erase(org, { subject: { type: 'Contact', id, version: 2 }, reason: 'asked for', records: [{ type: 'Contact', id }] });
    const left = await valuesOf(org, id);
    expect(left.filter(({ seq }) => seq < '5').map(({ field }) => field)).toEqual(['@ip', '@ip']);
    expect(left.filter(({ seq }) => seq === '5').map(({ field }) => field)).toEqual(['@ip', 'reason']);
    expect(await valuesOf(org, other)).toEqual(before);
    const [fact] = await rows(
      `SELECT action, actor_kind, user_id, request_id, entity_version FROM audit_logs WHERE org_id = $1 AND seq = 5`,
      [org.id],
    );
    expect(fact).toEqual({
      action: 'ERASE_VALUES',
      actor_kind: 'USER',
      user_id: org.users.ADMIN.id,
      request_id: 'erasing',
      entity_version: 2,
    });
    const listed = await rows<{ field: string }>('SELECT field FROM audit_erasures WHERE org_id = $1 AND seq = 5 ORDER BY 1', [
      org.id,
    ]);
    expect(listed.map(({ field }) => field)).toEqual(['firstName', 'firstName', 'lastName', 'ownerId']);
  });

  test('of a user takes the addresses they came from, in the clear too', async () => {
    const org = await stage.world.organization();
    const id = await contactWithFacts(org);
    const { id: userId } = org.users.ADMIN;
    await erase(org, { subject: { type: 'User', id: userId, version: 1 }, reason: 'left', actors: [userId] });
    const found = await rows('SELECT seq::int, ip_address IS NULL AS cleared FROM audit_logs WHERE org_id = $1 ORDER BY seq', [
      org.id,
    ]);
    expect(found).toEqual([
      { seq: 1, cleared: true },
      { seq: 2, cleared: true },
      { seq: 3, cleared: false },
    ]);
    expect((await valuesOf(org, id)).map(({ field }) => field)).not.toContain('@ip');
  });

  test('that are not there leaves nothing, and one of another organization touches nothing', async () => {
    const [mine, theirs] = [await stage.world.organization(), await stage.world.organization()];
    const id = await contactWithFacts(theirs);
    const before = await valuesOf(theirs, id);
    await erase(mine, { subject: { type: 'Contact', id, version: 1 }, reason: 'asked for', records: [{ type: 'Contact', id }] });
    expect(await valuesOf(theirs, id)).toEqual(before);
    expect(await rows('SELECT FROM audit_logs WHERE org_id = $1', [mine.id])).toEqual([]);
  });

  test('has no other way: the server may not delete, and the function wants an organization and a reason', async () => {
    const org = await stage.world.organization();
    const id = await contactWithFacts(org);
    const call = `SELECT audit.erase_values('{}', '{}', $1, '{}')`;
    await expect(app.query(call, ['x'])).rejects.toThrow('this transaction has none');
    await app.query(`BEGIN; SET LOCAL app.org_id = '${org.id}'`);
    await expect(app.query(call, [' '])).rejects.toThrow('has a reason');
    for (const statement of ['DELETE FROM audit_values', 'DELETE FROM audit_erasures', `UPDATE audit_values SET salt = ''`]) {
      await app.query(`ROLLBACK; BEGIN; SET LOCAL app.org_id = '${org.id}'`);
      await expect(app.query(statement)).rejects.toThrow('permission denied');
    }
    await app.query('ROLLBACK');
    expect((await valuesOf(org, id)).length).toBeGreaterThan(4);
  });
});

describe('tampering by a superuser', () => {
  let org: Organization;
  let admin: pg.Client;
  let facts: { id: string; seq: number }[];
  /** Values that are there, and values that were erased, with the numbers of their facts. */
  let values: { audit_id: string; field: string; seq: number }[];
  let erased: { audit_id: string; field: string; seq: number; by: number }[];
  let anchors: Map<number, string>;

  const run = (text: string, given: unknown[] = []): Promise<pg.QueryResult> => admin.query(text, given);
  const ask = async <Row>(statement: Sql): Promise<Row[]> => {
    const { text, values: bound } = compile(statement);
    return (await admin.query({ name: text.slice(-60), text, values: bound as unknown[] })).rows as Row[];
  };
  const verify = (anchored = true): Promise<ChainReport> =>
    verifyChain(ask, { orgId: org.id, from: 1, to: null, ...(anchored && { anchors }) });

  beforeAll(async () => {
    org = await stage.world.organization();
    const token = stage.tokenOf(org, 'ADMIN');
    const ids: string[] = [];
    for (let n = 0; n < 6; n += 1) {
      ids.push(await contactWithFacts(org));
      const many = Array.from({ length: 8 }, (_, i) => `m${i}: createDeal(input: { title: "Deal ${i}" }) { deal { id } }`);
      await stage.send(`mutation { ${many.join(' ')} }`, { token });
    }
    for (const id of ids.slice(0, 2))
      await erase(org, { subject: { type: 'Contact', id, version: 2 }, reason: 'asked for', records: [{ type: 'Contact', id }] });
    await contactWithFacts(org);
    facts = await rows('SELECT id, seq::int FROM audit_logs WHERE org_id = $1 ORDER BY seq', [org.id]);
    const beside = (table: string, more = ''): string =>
      `SELECT v.audit_id, v.field, a.seq::int ${more} FROM ${table} v JOIN audit_logs a ON a.org_id = v.org_id AND a.id = v.audit_id WHERE v.org_id = $1 ORDER BY a.seq, field`;
    [values, erased] = [
      await rows(beside('audit_values'), [org.id]),
      await rows(beside('audit_erasures', ', v.seq::int AS by'), [org.id]),
    ];
    const kept = await rows<{ seq: number; hash: string }>(
      `SELECT seq::int, encode(hash, 'hex') AS hash FROM audit_logs WHERE org_id = $1 AND (seq % 25 = 0 OR seq = $2)`,
      [org.id, facts.length],
    );
    anchors = new Map(kept.map(({ seq, hash }) => [seq, hash]));
    admin = await connect(stage.database.adminUrl);
    await run('BEGIN; SET LOCAL session_replication_role = replica');
  });
  afterAll(() => admin.end());

  const where = `WHERE org_id = $1 AND id = $2`;
  const edit = async (set: string, { id, seq }: { id: string; seq: number }): Promise<number> => {
    await run(`UPDATE audit_logs SET ${set} ${where}`, [org.id, id]);
    return seq;
  };
  const shift = async (from: number, by: number): Promise<void> => {
    await run('UPDATE audit_logs SET seq = -(seq + $3) WHERE org_id = $1 AND seq >= $2', [org.id, from, by]);
    await run('UPDATE audit_logs SET seq = -seq WHERE org_id = $1 AND seq < 0', [org.id]);
  };
  const remove = (id: string): Promise<pg.QueryResult> => run(`DELETE FROM audit_logs ${where}`, [org.id, id]);
  const pick = <Item>(list: readonly Item[], n: number): Item => list[n % list.length] as Item;
  const valueWhere = 'WHERE org_id = $1 AND audit_id = $2 AND field = $3';
  const onValue = async (statement: string, { audit_id, field, seq }: (typeof values)[number]): Promise<number> => {
    await run(`${statement} ${valueWhere}`, [org.id, audit_id, field]);
    return seq;
  };

  const EDITS = [
    ...[
      "action = action || '!'",
      "entity_type = 'Deal2'",
      'entity_id = gen_random_uuid()',
      'entity_version = entity_version + 1',
    ],
    ...[
      'user_id = gen_random_uuid()',
      "actor_kind = 'SYSTEM'",
      'change_id = gen_random_uuid()',
      'operation = md5(random()::text)',
    ],
    ...['request_id = md5(random()::text)', "created_at = created_at + interval '1 ms'", 'id = gen_random_uuid()'],
    ...[`changes = changes || '{"x": "y"}'`, "changes = '{}'", 'seq = seq + 100000', "ip_address = '198.51.100.1'"],
    ...['prev_hash = hash', 'hash = sha256(hash)', "hash = ''"],
  ];
  /** What somebody may do, and the first fact that is then not in order. */
  const TAMPERINGS: Record<string, (a: number, b: number) => Promise<number>> = {
    edit: async (a, b) => {
      const { seq } = pick(facts, a);
      await edit(pick(EDITS, b), pick(facts, a));
      return pick(EDITS, b).startsWith('ip_address') ? seq : firstWithout([seq], (by) => by === seq);
    },
    remove: async (a) => {
      const { id, seq } = pick(facts, a);
      await remove(id);
      return firstWithout([seq], (by) => by === seq);
    },
    removeAndCloseRanks: async (a) => {
      const { id, seq } = pick(facts, a);
      await remove(id);
      await shift(seq + 1, -1);
      await run('UPDATE audit_heads SET seq = seq - 1 WHERE org_id = $1', [org.id]);
      return firstWithout([seq], (by) => by >= seq);
    },
    insert: async (a, b) => {
      const { id } = pick(facts, a);
      const seq = (b % facts.length) + 1;
      await shift(seq, 1);
      await run(
        `INSERT INTO audit_logs SELECT (jsonb_populate_record(l, jsonb_build_object('id', gen_random_uuid(), 'seq', $3::int, 'changes', '{}'::jsonb, 'ip_address', null))).*
           FROM audit_logs l ${where}`,
        [org.id, id, seq],
      );
      await run('UPDATE audit_heads SET seq = seq + 1 WHERE org_id = $1', [org.id]);
      return firstWithout([seq], (by) => by >= seq);
    },
    swap: async (a, b) => {
      const [one, other] = [pick(facts, a), pick(facts, a + 1 + (b % (facts.length - 1)))];
      await run(`UPDATE audit_logs SET seq = -$3::int ${where}`, [org.id, one.id, other.seq]);
      await run(`UPDATE audit_logs SET seq = $3 ${where}`, [org.id, other.id, one.seq]);
      await run(`UPDATE audit_logs SET seq = -seq ${where}`, [org.id, one.id]);
      return firstWithout([one.seq, other.seq], (by) => by === one.seq || by === other.seq);
    },
    cut: async (a) => {
      const left = a % facts.length;
      await run('DELETE FROM audit_logs WHERE org_id = $1 AND seq > $2', [org.id, left]);
      await run('UPDATE audit_heads SET seq = $2 WHERE org_id = $1', [org.id, left]);
      return firstWithout([left + 1], (by) => by > left);
    },
    /** A new chain from some fact on: only an anchor shows it. */
    rewrite: async (a) => {
      const { seq } = pick(facts, a);
      await edit("operation = 'another'", pick(facts, a));
      await run(
        `DO $$ DECLARE l audit_logs; last bytea; BEGIN
           FOR l IN SELECT * FROM audit_logs WHERE org_id = '${org.id}' AND seq >= ${seq} ORDER BY seq LOOP
             last := coalesce(last, l.prev_hash);
             UPDATE audit_logs SET prev_hash = last, hash = audit_hash(last, l) WHERE org_id = l.org_id AND id = l.id RETURNING hash INTO last;
           END LOOP; END $$`,
      );
      return Math.min(...[...anchors.keys()].filter((each) => each >= seq));
    },
    editValue: (a) => onValue(`UPDATE audit_values SET after = '"else"'`, pick(values, a)),
    editBefore: (a) => onValue(`UPDATE audit_values SET before = '"else"'`, pick(values, a)),
    editSalt: (a) => onValue('UPDATE audit_values SET salt = sha256(salt)', pick(values, a)),
    renameValue: (a) => onValue(`UPDATE audit_values SET field = field || '2'`, pick(values, a)),
    removeValue: (a) => onValue('DELETE FROM audit_values', pick(values, a)),
    addValue: async (a) => {
      const { id, seq } = pick(facts, a);
      await run(`INSERT INTO audit_values (org_id, audit_id, field, salt) VALUES ($1, $2, 'more', '')`, [org.id, id]);
      return seq;
    },
    bringBack: async (a) => {
      const { audit_id, field, seq } = pick(erased, a);
      await run(`INSERT INTO audit_values (org_id, audit_id, field, salt) VALUES ($1, $2, $3, '')`, [org.id, audit_id, field]);
      return seq;
    },
    removeFromList: async (a) => {
      await onValue('DELETE FROM audit_erasures', pick(erased, a));
      return firstOn(pick(erased, a).by);
    },
    editList: async (a) => {
      await onValue('UPDATE audit_erasures SET seq = seq + 1000', pick(erased, a));
      return firstOn(pick(erased, a).by);
    },
    /** As the owner's function would, but without the fact of it. */
    removeValueAndList: async (a, b) => {
      const [value, { by }] = [pick(values, a), pick(erased, b)];
      await onValue('DELETE FROM audit_values', value);
      await run('INSERT INTO audit_erasures VALUES ($1, $2, $3, $4)', [org.id, value.audit_id, value.field, by]);
      return Math.min(value.seq, firstOn(by));
    },
    emptyHead: async () => {
      await run('UPDATE audit_heads SET seq = 0 WHERE org_id = $1', [org.id]);
      return 1;
    },
  };
  /** Number of the first fact whose values a list says were erased: with the list wrong, nothing vouches for them. */
  const firstOn = (list: number): number => Math.min(...erased.filter(({ by }) => by === list).map(({ seq }) => seq));

  /** The first of some facts, or the first whose values nothing vouches for once erasures are gone. */
  const firstWithout = (numbers: number[], isGone: (by: number) => boolean): number =>
    Math.min(...numbers, ...erased.filter(({ by }) => isGone(by)).map(({ by }) => firstOn(by)));

  test('an untouched chain is in order, whole and in parts', async () => {
    expect(await verify()).toEqual({ checked: facts.length, through: facts.length, isComplete: true, firstBad: null });
    expect(await verifyChain(ask, { orgId: org.id, from: 7, to: 20 })).toMatchObject({
      checked: 14,
      through: 20,
      firstBad: null,
    });
    expect((await chainHead(ask, org.id))?.hash).toBe(anchors.get(facts.length));
  });

  test('a thousand times is found a thousand times, and the first bad fact is named', async () => {
    const names = Object.keys(TAMPERINGS);
    const tampered = async (name: string, a: number, b: number): Promise<void> => {
      await run('SAVEPOINT before');
      const first = await TAMPERINGS[name]?.(a, b);
      const { firstBad } = await verify();
      await run('ROLLBACK TO SAVEPOINT before; RELEASE SAVEPOINT before');
      expect([name, a, b, firstBad?.seq]).toEqual([name, a, b, first]);
    };
    for (const name of names) await tampered(name, 3, 5);
    const nat = fc.nat({ max: 1_000_000 });
    await fc.assert(fc.asyncProperty(fc.constantFrom(...names), nat, nat, tampered), { numRuns: 1_000 });
  }, 60_000);

  test('a cut tail and a rewritten one show against an anchor only', async () => {
    for (const [name, at] of [
      ['cut', facts.length - 1],
      ['rewrite', 5],
    ] as const) {
      await run('SAVEPOINT before');
      await TAMPERINGS[name]?.(at, 0);
      expect((await verify(false)).firstBad).toBeNull();
      expect((await verify()).firstBad).not.toBeNull();
      await run('ROLLBACK TO SAVEPOINT before; RELEASE SAVEPOINT before');
    }
  });
});
