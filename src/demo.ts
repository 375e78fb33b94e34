import type { Config } from './config.js';
import type { RunningDatabase } from './db/setup/bring-up.js';

/** Who can sign in to the demo organizations; the README shows it too. */
export const DEMO_LOGINS = ['acme.example', 'globex.example'].map((domain) => ({
  domain,
  people: ['owner', 'admin', 'manager', 'member', 'viewer'],
}));

/** Password of every demo login (PRODUCT: the README shows it). */
export const DEMO_PASSWORD = 'pulse-demo-password';

/** Hashes as the server does, so that what is seeded can sign in. */
export async function demoPasswordHash(config: Config): Promise<string> {
  const { passwords } = await import('./domain/auth/passwords.js');
  return passwords({ pepper: config.SECRET_KEY, cost: config.BCRYPT_COST, leastLength: config.PASSWORD_LEAST_LENGTH }).hash(
    DEMO_PASSWORD,
  );
}

/** @returns whether demo data is there to sign in to. */
export async function seedWhenEmpty(running: RunningDatabase, config: Config, say: (line: string) => void): Promise<boolean> {
  const { ensureDemo } = await import('../prisma/seed/start.js');
  return ensureDemo(running.urls.owner, () => demoPasswordHash(config), say);
}
