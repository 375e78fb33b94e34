import { createHash } from 'node:crypto';

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a row has the shape of its table
export type Row = Record<string, any>;

/**
 * Verifies the chain of an exported audit as its README says, by nothing of Pulse: what somebody who left would write.
 *
 * @param rows of the tables audit_logs, audit_values, audit_erasures and audit_heads.
 * @returns what is wrong; null when all is in order.
 */
export function faultOutside(rows: Record<string, Row[]>): string | null {
  const { audit_logs: logs = [], audit_values: values = [], audit_erasures: erasures = [], audit_heads: heads = [] } = rows;
  let prev = sha256('');
  const facts = logs.sort((a, b) => a['seq'] - b['seq']);
  for (const [index, fact] of facts.entries()) {
    if (fact['seq'] !== index + 1) return `${index + 1} is missing`;
    if (fact['prev_hash'] !== `\\x${prev}`) return `${fact['seq']} does not follow`;
    prev = sha256(Buffer.concat([Buffer.from(prev, 'hex'), Buffer.from(formOf(fact))]));
    if (fact['hash'] !== `\\x${prev}`) return `${fact['seq']} was edited`;
    const fault = valuesFault(
      fact,
      values.filter((each) => each['audit_id'] === fact['id']),
      erasures,
    );
    if (fault) return `${fact['seq']}: ${fault}`;
  }
  return (heads[0]?.['seq'] ?? 0) === facts.length ? null : 'the head counts otherwise';
}

function valuesFault(fact: Row, values: Row[], erasures: Row[]): string | null {
  for (const [field, commitment] of Object.entries<string>(fact['changes'])) {
    if (field === '@erased') {
      const listed = erasures.filter(({ seq }) => seq === fact['seq']).map((each) => `${each['audit_id']} ${each['field']}`);
      if (sha256(listed.sort().join('\n')) !== commitment) return 'its list of erasures was edited';
      continue;
    }
    const value = values.find((each) => each['field'] === field);
    if (!value) {
      if (erasures.some((each) => each['audit_id'] === fact['id'] && each['field'] === field)) continue;
      return `${field} is missing`;
    }
    const text = JSON.stringify([field, value['before'], value['after']], (_, inner) => sorted(inner));
    if (sha256(Buffer.concat([Buffer.from(value['salt'].slice(2), 'hex'), Buffer.from(text)])) !== commitment)
      return `${field} was edited`;
  }
  return null;
}

const NAMES = ['org_id', 'id', 'seq', 'change_id', 'actor_kind', 'user_id', 'api_key_id', 'action', 'entity_type', 'entity_id'];

function formOf(fact: Row): string {
  const moment = new Date(fact['created_at']).toISOString();
  const parts = [...NAMES, 'entity_version', 'changes', 'request_id', 'operation'].map((name) => fact[name]);
  return jsonb([1, ...parts, moment]);
}

/** As PostgreSQL writes jsonb: a blank after commas and colons, keys by length and then by bytes. */
function jsonb(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonb).join(', ')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => a.length - b.length || (a < b ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}: ${jsonb(inner)}`).join(', ')}}`;
}

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
