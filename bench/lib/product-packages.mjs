// The product's own packages, for the contender that is built of the same ones: so both are of the same version.
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const require = createRequire(new URL('../../package.json', import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)).href);

export const { ApolloServer } = await load('@apollo/server');
export const { startStandaloneServer } = await load('@apollo/server/standalone');
export const { default: DataLoader } = await load('dataloader');
export const { PrismaPg } = await load('@prisma/adapter-pg');
export const { PrismaClient } = await import('../../dist/src/generated/prisma/client.js');
