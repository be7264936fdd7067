/** Turns bare strings into names that cannot be mixed up. */

import type { Brand } from '../base/brand.ts';

/** A member's configured name (etcd `--name`). */
export type MemberName = Brand<string, 'MemberName'>;

/** A member's 64-bit ID in lower-case hex without leading zeros, as etcd prints it. */
export type MemberId = Brand<string, 'MemberId'>;

/** A step's stable id, like `advertise/m2`. */
export type StepId = Brand<string, 'StepId'>;

/** One execution, named by its start time and a few random letters. */
export type RunId = Brand<string, 'RunId'>;

export function memberName(text: string): MemberName {
  return text as MemberName;
}

/** From the decimal uint64 that gRPC gives, or from hex as logs print it. */
export function memberIdFromDecimal(decimal: string): MemberId {
  return BigInt(decimal).toString(16) as MemberId;
}

export function memberIdFromHex(hex: string): MemberId {
  return BigInt(`0x${hex}`).toString(16) as MemberId;
}

/** The decimal uint64 that gRPC wants. */
export function decimalOf(id: MemberId): string {
  return BigInt(`0x${id}`).toString(10);
}

export function stepId(text: string): StepId {
  return text as StepId;
}

export function runId(text: string): RunId {
  return text as RunId;
}
