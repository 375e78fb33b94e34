import { readdirSync } from 'node:fs';
import path from 'node:path';
import { cursorSeal, openDatabase, type Database } from './db/index.js';
import type { AuthDoor } from './domain/auth/auth.js';
import { mailTokens } from './domain/auth/mail-tokens.js';
import { passwords } from './domain/auth/passwords.js';
import { refusals, untoldRefusals } from './domain/auth/refusals.js';
import { throttle } from './domain/auth/throttle.js';
import { DEFAULT_KEY_ID, tokens, type TokenKey } from './domain/auth/tokens.js';
import { exportLinks } from './domain/gdpr/export-links.js';
import { organizationFileNames } from './domain/exports/exports.js';
import { fingerprints } from './domain/gdpr/fingerprints.js';
import { erasureLedger } from './domain/gdpr/ledger.js';
import type { PrivacyDoor } from './domain/gdpr/privacy-door.js';
import { receipts } from './domain/gdpr/receipts.js';
import { subjectLists } from './domain/gdpr/subject-lists.js';
import { graph } from './domain/index.js';
import { can } from './domain/permissions.js';
import { personalData } from './domain/personal-data.js';
import { readSdl } from './graphql/schema.js';

import type { AppSettings } from './app-settings.js';

/** What server and worker have in common. */
export interface Core {
  database: Database;
  door: AuthDoor;
  privacy: PrivacyDoor;
}

/** Opens the database; close it. */
export function openCore(settings: AppSettings): Core {
  const now = settings.now ?? Date.now;
  const { secret } = settings;
  const personal = personalData(readSdl(settings.root), graph);
  const database = openDatabase({
    ...settings,
    migrations: migrationNames(settings.root),
    graph,
    seal: cursorSeal(secret, now),
    tenantFilter: settings.tenantFilter ?? true,
    personal,
    fingerprint: fingerprints(secret),
    seesAll: (caller) => can(caller, 'records:readAll'),
  });
  const door: AuthDoor = {
    database,
    now,
    passwords: passwords({ pepper: secret, cost: settings.bcryptCost, leastLength: settings.passwordLeastLength }),
    mailTokens: mailTokens(secret),
    throttle: throttle({ open: database.attempts, secret, scale: settings.throttleScale }),
    refusals:
      settings.tellRefusals === false
        ? untoldRefusals
        : refusals({ database, secret, complain: (error) => settings.log.error(error, 'A refusal could not be told.') }),
    idleSeconds: settings.sessionIdleSeconds,
    lifetimeSeconds: settings.sessionSeconds,
    tokens: tokens({ keys: tokenKeys(settings), lifetimeSeconds: settings.accessTokenSeconds, now }),
  };
  const privacy: PrivacyDoor = {
    now,
    receipts: receipts(secret),
    exportLinks: exportLinks(secret, now),
    lists: subjectLists(graph, personal),
    ledger: ledgerOf(settings, now),
    organizationFiles: organizationFileNames(secret, now),
  };
  return { database, door, privacy };
}

function ledgerOf({ erasureLedger: file, secret, log }: AppSettings, now: () => number): PrivacyDoor['ledger'] {
  if (!file) return null;
  const complain = (error: unknown): void =>
    log.error({ file, problem: String(error) }, 'The ledger of erasures cannot be written.');
  return erasureLedger({ file, secret, now, complain });
}

function tokenKeys({ secret, tokenKeys: named = [] }: AppSettings): [TokenKey, ...TokenKey[]] {
  const [first, ...others] = named.map((key) => ({ id: key.id, secret: key.secret ?? secret }));
  return first ? [first, ...others] : [{ id: DEFAULT_KEY_ID, secret }];
}

function migrationNames(root: string): string[] {
  const entries = readdirSync(path.join(root, 'prisma/migrations'), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
