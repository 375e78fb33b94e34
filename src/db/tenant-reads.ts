import type { Transaction } from './database.js';

type Finders = 'findFirst' | 'findMany' | 'count';
type Model = { [M in keyof Transaction]: Transaction[M] extends { findFirst: unknown } ? M : never }[keyof Transaction];

/** Prisma inside one organization, for reading only. Select columns: the server's role may not read all of them. */
export type TenantReads = { [M in Model]: Pick<Transaction[M], Finders & keyof Transaction[M]> };
