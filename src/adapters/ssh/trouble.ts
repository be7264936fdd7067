/** Turns trouble with an ssh connection into the five lines, with what may have been done by then. */

import type { Failure, FailureCode } from '../../model/failure.ts';

export interface SshTrouble {
  readonly code: FailureCode;
  /** `uncertain`: the command may have been started, and may still run. */
  readonly reached: 'not-sent' | 'uncertain';
  readonly but: string;
  readonly remedy: string;
}

export function notSent(code: FailureCode, but: string, remedy: string): SshTrouble {
  return { code, reached: 'not-sent', but, remedy };
}

/** The connection is gone, or silent: only a look at the host can tell. */
export function uncertain(but: string, label: string): SshTrouble {
  const remedy = `see that ssh to ${label} works, then run peershift again: it looks before it acts`;
  return { code: 'HOST_LOST', reached: 'uncertain', but, remedy };
}

export interface Attempt {
  readonly label: string;
  readonly would: string;
  /** What is true when nobody knows whether it was done. */
  readonly soWhenUncertain: string;
}

export function sshFailure(
  { label, would, soWhenUncertain }: Attempt,
  trouble: SshTrouble,
): Failure {
  return {
    code: trouble.code,
    where: `host ${label}`,
    would,
    but: trouble.but,
    so:
      trouble.reached === 'not-sent' ? 'nothing was sent; the host is as it was' : soWhenUncertain,
    remedy: trouble.remedy,
  };
}
