// The product's own Prisma: the bench has none, so that both carriers are of the same version.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../../package.json', import.meta.url));

export const { PrismaPg } = await import(pathToFileURL(require.resolve('@prisma/adapter-pg')).href);
export const { PrismaClient } = await import('../../dist/src/generated/prisma/client.js');
