/** Turns what gRPC and sockets throw into words that a person understands at night, and into failures. */

import type { Failure, FailureCode } from '../../model/failure.ts';
import { connectionReason } from './connection-words.ts';
import type { Endpoint } from './endpoint.ts';
import { etcdAnswer, permissionDenied } from './etcd-words.ts';
import { type Trouble, type TroubleKind, closedByUs, noAnswer } from './trouble.ts';

type Etcd3Module = typeof import('etcd3');

export interface CallContext {
  readonly endpoint: Endpoint;
  readonly deadlineMs: number;
}

const CODE: Readonly<Record<TroubleKind, FailureCode>> = {
  'not-sent': 'ENDPOINT_UNREACHABLE',
  'no-answer': 'ENDPOINT_UNREACHABLE',
  cut: 'ENDPOINT_UNREACHABLE',
  'no-majority': 'NO_QUORUM',
  refused: 'ETCD_REFUSED',
};

/** What was tried, and what follows when it did not work. */
export interface Attempt {
  readonly would: string;
  readonly so?: string;
  readonly code?: FailureCode;
}

/** The five lines; unless told otherwise the attempt was a look that changes nothing. */
export function failureOf(endpoint: Endpoint, trouble: Trouble, attempt: Attempt): Failure {
  return {
    code: attempt.code ?? trouble.code ?? CODE[trouble.kind],
    where: `etcd at ${endpoint.shown}`,
    would: attempt.would,
    but: trouble.words,
    so: attempt.so ?? 'this is not known of that member; nothing was changed',
    remedy: trouble.remedy,
  };
}

/** What etcd3 threw; an error that is not of gRPC is a bug and is thrown on. */
export function grpcTrouble(error: unknown, etcd3: Etcd3Module, context: CallContext): Trouble {
  if (!(error instanceof Error)) throw error;
  if (error instanceof etcd3.GRPCDeadlineExceededError) return noAnswer(context.deadlineMs);
  if (error instanceof etcd3.ClientClosedError || error instanceof etcd3.GRPCCancelledError) {
    return closedByUs();
  }
  if (!isOfGrpc(error, etcd3)) throw error;
  const text = error.message.replace(/^\d+ [A-Z_]+: /, '');
  const heard = { etcd3, deadlineMs: context.deadlineMs };
  return saidByEtcd(text, error, heard) ?? connectionTrouble(text, context);
}

interface Heard {
  readonly etcd3: Etcd3Module;
  readonly deadlineMs: number;
}

function isOfGrpc(error: Error, etcd3: Etcd3Module): boolean {
  return (
    error instanceof etcd3.GRPCGenericError || /etcdserver: |^\d+ [A-Z_]+: /.test(error.message)
  );
}

/** Only what etcd's own words prove to be etcd's answer; the rest is the connection. */
function saidByEtcd(text: string, error: Error, { etcd3, deadlineMs }: Heard): Trouble | undefined {
  // The server knows our deadline and may notice first.
  if (/context (deadline exceeded|canceled)/.test(text)) return noAnswer(deadlineMs);
  const answer = etcdAnswer(text);
  if (answer !== undefined) return answer;
  if (error instanceof etcd3.EtcdPermissionDeniedError) return permissionDenied();
  if (/^(etcdserver|auth|mvcc|lease|raft|rpc): /.test(text) || isFlatNo(error, etcd3)) {
    return { kind: 'refused', words: `etcd says "${text}"`, remedy: 'see the log of that member' };
  }
  return undefined;
}

/** Classes that only a server which has read the request can give. */
function isFlatNo(error: Error, etcd3: Etcd3Module): boolean {
  return (
    error instanceof etcd3.GRPCFailedPreconditionError ||
    error instanceof etcd3.GRPCNotFoundError ||
    error instanceof etcd3.GRPCInvalidArgumentError ||
    error instanceof etcd3.GRPCOutOfRangeError ||
    error instanceof etcd3.GRPCNotImplementedError ||
    error instanceof etcd3.EtcdLeaseInvalidError
  );
}

/** grpc-js says "No connection established" only of calls that it has not put on a connection. */
function connectionTrouble(text: string, { endpoint }: CallContext): Trouble {
  const wasSent = !/No connection established|Name resolution failed/.test(text);
  return { kind: wasSent ? 'cut' : 'not-sent', ...connectionReason(text, endpoint) };
}

/** Is this what etcd says to a token that it does not know any more, or to a call without one? */
export function isLoginWanted(error: unknown, etcd3: Etcd3Module, hadLogin: boolean): boolean {
  if (error instanceof etcd3.EtcdInvalidAuthTokenError) return true;
  if (error instanceof etcd3.EtcdPermissionDeniedError) return !hadLogin;
  // Maintenance calls say "auth: invalid auth token", which etcd3 has no class for.
  const stale = /invalid auth token|user name is empty|revision of auth store is old/;
  return error instanceof Error && stale.test(error.message);
}

export function saysAuthIsOff(error: unknown): boolean {
  return error instanceof Error && error.message.includes('authentication is not enabled');
}
