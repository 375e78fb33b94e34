/**
 * 32 bits that look random, for a row's serial number and the number of a draw: any row can be computed on its own, in
 * any order, so that references need no list of ids. One-to-one in the serial for a fixed draw (MurmurHash3's finalizer).
 */
export function bits(serial: number, draw: number): number {
  let hash = (serial + Math.imul(draw, 0x9e37_79b9)) | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** From 0 to below 1. */
export function unit(serial: number, draw: number): number {
  return bits(serial, draw) / 0x1_0000_0000;
}

/** A whole number from 0 to below the limit. */
export function below(limit: number, serial: number, draw: number): number {
  return Math.floor(unit(serial, draw) * limit);
}

/** An element of a list that is not empty. */
export function pick<Value>(list: readonly Value[], serial: number, draw: number): Value {
  return list[below(list.length, serial, draw)] as Value;
}
