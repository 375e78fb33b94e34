/** Connections of each pool of one process. */
export interface PoolSizes {
  read: number;
  write: number;
  signin: number;
}

/** @param poolSize DATABASE_POOL_SIZE. */
export function poolSizes(poolSize: number): PoolSizes {
  return { read: poolSize, write: Math.max(2, Math.ceil(poolSize / 2)), signin: 2 };
}

/** Connections that a process opens at most. */
export function connectionsOf(poolSize: number): number {
  const { read, write, signin } = poolSizes(poolSize);
  return read + write + signin;
}
