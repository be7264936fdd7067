/** Turns a parsed log line into what it means: the catalogue of etcd's texts, and the look-up in it. */

import type { DialReason } from './dial.ts';
import type { MemberId } from './ids.ts';
import type { LogEvent, LogLine } from './log-line.ts';
import { DIALER_SIGNATURES } from './signatures/dialer.ts';
import { IGNORED_LINES } from './signatures/ignored.ts';
import { LISTENER_SIGNATURES } from './signatures/listener.ts';
import { SELF_SIGNATURES } from './signatures/self.ts';
import type { IgnoredLine, Signature, SignatureKind, Speaker } from './signatures/signature.ts';
import { FATAL_SIGNATURE, START_UP_SIGNATURES } from './signatures/start-up.ts';

/** One line, understood. It says what it is evidence of, and never who the remote is: that is a judge's work. */
export interface LogFinding {
  /** Of the signature. */
  readonly code: string;
  readonly kind: SignatureKind;
  /** Listener: the remote dialed the speaker. Dialer: the speaker dialed the remote. */
  readonly speaker: Speaker;
  readonly event: LogEvent;
  readonly reasons: readonly DialReason[] | 'any';
  readonly isFinal: boolean;
  readonly remoteIp: string | undefined;
  readonly remotePeerId: MemberId | undefined;
  readonly url: string | undefined;
  /** Go's words, or the message: what a person is shown of the line. */
  readonly essence: string;
}

/** The first that fits counts. Data comes before start-up: a checksum error also ends the process. */
export const SIGNATURES: readonly Signature[] = [
  ...LISTENER_SIGNATURES,
  ...DIALER_SIGNATURES,
  ...SELF_SIGNATURES,
  ...START_UP_SIGNATURES,
  FATAL_SIGNATURE,
];

/** Longer texts repeat the URL or carry a whole request. */
const ESSENCE_CHARACTERS = 160;

/** Undefined for the many lines that tell nothing about peers, starts or data. */
export function classify(line: LogLine): LogFinding | undefined {
  const text = textOf(line);
  if (ignoredBecause(line) !== undefined) return undefined;
  const found = SIGNATURES.find((signature) => fits(signature, line, text));
  if (found === undefined) return undefined;
  return {
    code: found.code,
    kind: found.kind,
    speaker: found.speaker,
    event: line.event,
    reasons: found.reasons,
    isFinal: found.isFinal === true,
    remoteIp: line.remoteAddress?.ip,
    remotePeerId: line.remotePeerId,
    url: line.url,
    essence: cut(line.event === 'other' ? text : (line.error ?? line.message)),
  };
}

/** Why a known line is left out; undefined for a line that is not known to be harmless. */
export function ignoredBecause(line: LogLine): string | undefined {
  const known: IgnoredLine | undefined = IGNORED_LINES.find(({ pattern }) => {
    return pattern.test(line.message);
  });
  return known?.because;
}

/** Every signature that fits, the one that counts first; more than one beside fallbacks would be ambiguous. */
export function allThatFit(line: LogLine): readonly Signature[] {
  return SIGNATURES.filter((signature) => fits(signature, line, textOf(line)));
}

function fits({ match }: Signature, line: LogLine, text: string): boolean {
  if (!match.events.includes(line.event)) return false;
  if (match.level !== undefined && match.level !== line.level) return false;
  return match.pattern?.test(text) ?? true;
}

/** By its code; undefined when there is none of that code. */
export function signatureOf(code: string): Signature | undefined {
  return SIGNATURES.find((each) => each.code === code);
}

/** Does a stop or a start of either end explain such a line? */
export function isTransient(finding: LogFinding): boolean {
  if (finding.kind !== 'peer-link') return false;
  return finding.reasons === 'any' || finding.reasons.includes('target-down');
}

/** What patterns are held against: Go's own words where the event is one of links, else all of it. */
function textOf(line: LogLine): string {
  if (line.event !== 'other') return line.error ?? line.message;
  return line.error === undefined ? line.message : `${line.message}: ${line.error}`;
}

function cut(text: string): string {
  return text.length > ESSENCE_CHARACTERS ? `${text.slice(0, ESSENCE_CHARACTERS)} ...` : text;
}
