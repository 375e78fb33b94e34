import type { Pool } from 'pg';

/** How a pool is doing: its connections, those of them that nobody uses, and who waits for one. */
export interface PoolState {
  name: string;
  size: number;
  idle: number;
  waiting: number;
}

export function poolState(name: string, { totalCount, idleCount, waitingCount }: Pool): PoolState {
  return { name, size: totalCount, idle: idleCount, waiting: waitingCount };
}
