import type { Linter } from 'eslint';

export const rooms: string[];
export function wallConfigs(names?: string[]): Linter.Config[];
