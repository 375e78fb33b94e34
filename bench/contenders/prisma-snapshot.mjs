// src/db/snapshot.ts once more, over `prisma.$transaction` and `$queryRawUnsafe`.

/** Longer than any request; Prisma ends interactive transactions after five seconds unless told otherwise. */
const LONGEST_MS = 30_000;

/** @returns the product's `carrier` setting: one lazily opened REPEATABLE READ transaction a snapshot. */
export function prismaCarrier(prisma) {
  return (_pool, orgId, log) => {
    let begun;
    let closed = false;
    let end;
    const ended = new Promise((resolve) => (end = resolve));

    const begin = () =>
      new Promise((resolve, reject) => {
        const work = async (tx) => {
          log.count('SET LOCAL');
          await tx.$executeRawUnsafe(`SET LOCAL app.org_id = '${orgId}'`);
          resolve(tx);
          await ended;
        };
        prisma.$transaction(work, { isolationLevel: 'RepeatableRead', maxWait: LONGEST_MS, timeout: LONGEST_MS }).catch(reject);
      });

    return {
      query: async ({ text, values }) => {
        if (closed) throw new Error('This snapshot is closed.');
        const tx = await (begun ??= begin());
        log.count(text);
        return (await tx.$queryRawUnsafe(text, ...values)).map(asPulseReadsIt);
      },
      close: () => {
        closed = true;
        end();
      },
      abort: () => {
        closed = true;
        end();
      },
    };
  };
}

/** Prisma answers Date and Decimal objects where the product's statements answer exact text (src/db/types.ts). */
function asPulseReadsIt(row) {
  for (const name in row) {
    const value = row[name];
    if (value instanceof Date) row[name] = value.toISOString();
    else if (value !== null && typeof value === 'object' && !Array.isArray(value)) row[name] = value.toString();
  }
  return row;
}
