/** Turns what an etcdctl that failed has said into how far the call got, the reason, and the next action. */

import type { ExecOutcome } from '../../../ports.ts';
import { connectionReason } from '../connection-words.ts';
import type { Endpoint } from '../endpoint.ts';
import { etcdAnswer, permissionDenied } from '../etcd-words.ts';
import { type Trouble, noAnswer } from '../trouble.ts';

export interface Asked {
  readonly endpoint: Endpoint;
  /** What people call the machine. */
  readonly host: string;
  readonly timeoutMs: number;
  /** Must not be shown. */
  readonly secret: string | undefined;
}

/** How much of an unknown text is shown. */
const SHOWN_CHARACTERS = 200;

/** As the shell says that a program is not there, or may not be started. */
const MISSING_CODE = 127;
const FORBIDDEN_CODE = 126;

/** Go's words for what Node says otherwise, so that both ways give one reason. */
const GO_WORDS: readonly (readonly [RegExp, (found: RegExpExecArray) => string])[] = [
  [/connection refused/, () => 'ECONNREFUSED'],
  [/no such host|server misbehaving/, () => 'ENOTFOUND'],
  [/no route to host|network is unreachable/, () => 'EHOSTUNREACH'],
  [/i\/o timeout/, () => 'ETIMEDOUT'],
  [/x509: certificate has expired/, () => 'CERT_HAS_EXPIRED'],
  [
    /x509: (certificate is (?:valid for|not valid for any)[^"\\]*|cannot validate certificate[^"\\]*)/,
    ([, detail = '']) => `does not match certificate's altnames: ${detail}`,
  ],
  [/x509: certificate signed by unknown authority/, () => 'unable to get issuer'],
  [
    /remote error: tls: (bad certificate|certificate required)/,
    ([, alert = '']) => `alert ${alert}`,
  ],
  [/first record does not look like a TLS handshake/, () => 'wrong version number'],
];

/** The command has ended, badly. */
export function saidBy(outcome: ExecOutcome, asked: Asked): Trouble {
  const whole = without(asked.secret, `${outcome.stdout}\n${outcome.stderr}`);
  if (outcome.exitCode === MISSING_CODE || outcome.exitCode === FORBIDDEN_CODE) {
    return unusable(`${lastLine(whole)} (host ${asked.host})`);
  }
  const said = errorLine(whole);
  if (said === undefined) return strange(asked, lastLine(whole));
  return byEtcd(said, whole) ?? onTheWay(said, whole, asked) ?? strange(asked, said);
}

/** For a program that cannot do what is asked of it, whatever the cluster is like. */
export function unusable(words: string): Trouble {
  return {
    kind: 'not-sent',
    code: 'ETCDCTL_UNUSABLE',
    words,
    remedy:
      'install etcdctl 3.3 or later there, name it with cluster.etcdctl, or write memberApi: grpc',
  };
}

/** Its answer has come, and is none that is known. */
export function notUnderstood(asked: Asked, why: string, answer: string): Trouble {
  const shown = shortened(without(asked.secret, answer));
  return {
    kind: 'no-answer',
    code: 'ETCDCTL_UNUSABLE',
    words: `what etcdctl on host ${asked.host} answers is not understood, ${why}: "${shown}"`,
    remedy: 'use an etcdctl of the version of the cluster, or write memberApi: grpc',
  };
}

/** `Error: ...`, and for a list of endpoints `Failed to get ... (...)`, which says more than what follows it. */
function errorLine(whole: string): string | undefined {
  const failed = /^Failed to get the \S+ of endpoint \S+ \((.*)\)$/m.exec(whole)?.[1];
  const unhealthy = /is unhealthy: (?:failed to commit proposal: )?(.*)$/m.exec(whole)?.[1];
  return failed ?? unhealthy ?? /^Error:\s*(.*)$/m.exec(whole)?.[1];
}

/** Only what etcd's own words prove to be etcd's answer. */
function byEtcd(said: string, whole: string): Trouble | undefined {
  if (said.startsWith('no leader endpoint given')) return etcdAnswer('etcdserver: not leader');
  const answer = etcdAnswer(said);
  if (answer !== undefined) return answer;
  if (said.includes('permission denied')) return permissionDenied();
  const isItsOwn = /(^|\()(etcdserver|auth|mvcc|lease|raft|rpc): /.test(said);
  const isVerdict = whole.includes(' is unhealthy: ') && !said.startsWith('context ');
  if (!isItsOwn && !isVerdict) return undefined;
  return { kind: 'refused', words: `etcd says "${said}"`, remedy: 'see the log of that member' };
}

/**
 * etcd's client goes on dialing until its time is up, and its log tells why it could not. That it never
 * had a connection for the call is certain only where it says so; else the call may have arrived.
 */
function onTheWay(said: string, whole: string, asked: Asked): Trouble | undefined {
  const wasWaiting =
    /latest balancer error|waiting for connections to become ready|timed out when dialing/.test(
      whole,
    );
  for (const [matches, words] of GO_WORDS) {
    const found = matches.exec(whole);
    if (found === null) continue;
    const { words: because, remedy } = connectionReason(words(found), asked.endpoint);
    const kind = wasWaiting ? 'not-sent' : 'cut';
    return { kind, words: `${because} (seen from host ${asked.host})`, remedy };
  }
  if (/context deadline exceeded|timed out when dialing/.test(said)) {
    const { words, remedy } = noAnswer(asked.timeoutMs);
    return { kind: wasWaiting ? 'not-sent' : 'no-answer', words, remedy };
  }
  return undefined;
}

function strange({ host }: Asked, said: string): Trouble {
  if (/unknown (flag|shorthand|command)|No help topic/i.test(said)) {
    return unusable(`etcdctl on host ${host} does not know the command: "${shortened(said)}"`);
  }
  return {
    kind: 'cut',
    words: `etcdctl on host ${host} says "${shortened(said)}"`,
    remedy: `try etcdctl by hand on ${host}, and see the log of that member`,
  };
}

function lastLine(whole: string): string {
  return whole.trim().split('\n').at(-1) ?? '';
}

function without(secret: string | undefined, words: string): string {
  return secret === undefined || secret === '' ? words : words.replaceAll(secret, '***');
}

function shortened(words: string): string {
  return words.replace(/\s+/g, ' ').trim().slice(0, SHOWN_CHARACTERS);
}
