// Pulse as it is, but for what carries its read side's statements to PostgreSQL: Prisma's interactive transaction.
import { buildApp } from '../../dist/src/app.js';
import { PrismaPg, PrismaClient } from '../lib/prisma.mjs';
import { pulseSettings } from '../lib/pulse-settings.mjs';
import { POOL_SIZE } from '../settings.mjs';
import { prismaCarrier } from './prisma-snapshot.mjs';

const adapter = new PrismaPg(
  {
    connectionString: process.env.APP_URL,
    max: POOL_SIZE,
    options: '-c TimeZone=UTC -c default_transaction_read_only=on',
    connectionTimeoutMillis: 5_000,
  },
  { statementNameGenerator },
);

/** Prepared as Pulse's own carrier does it; statements without values go out as they are. */
function statementNameGenerator({ sql, args }) {
  if (args.length === 0) return undefined;
  const name = names.get(sql) ?? `p${names.size}`;
  names.set(sql, name);
  return name;
}
const names = new Map();

const app = await buildApp({
  ...pulseSettings(process.env.APP_URL, process.env.SIGNIN_URL),
  carrier: prismaCarrier(new PrismaClient({ adapter })),
});
await app.http.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
