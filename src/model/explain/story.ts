/** Turns all that was read into the findings that a person is told, the worst first, pair by pair. */

import { signatureOf } from '../signatures.ts';
import { type FaultOptions, faultsOf } from './fault.ts';
import { type Joined, isVague, joinEnds } from './join.ts';
import type { Member, Roster } from './roster.ts';
import { type Judged, type Severity, severityOf } from './severity.ts';
import { type Certificates, causeByCertificates } from './two-ended.ts';

export interface Explained {
  readonly code: string;
  readonly severity: Severity;
  /** Who dialed, or whom it is about; null where the logs do not tell. */
  readonly from: string | null;
  /** Who listens; null for what concerns one member alone. */
  readonly to: string | null;
  /** Who may be meant, where one end is null and some are possible. */
  readonly maybe: readonly string[];
  readonly count: number;
  /** As the log has it, in RFC 3339 as far as its notation allows. */
  readonly first: string | null;
  readonly last: string | null;
  /** The last such line. */
  readonly line: string;
  /** Whose log has it. */
  readonly member: string;
  /** In words, with the names of the members. */
  readonly cause: string;
  readonly remedy: string;
  /** Why it is no worse than it is. */
  readonly because: string;
}

export interface StoryOptions extends FaultOptions {
  readonly certificates?: Certificates;
}

const ORDER: readonly Severity[] = ['fatal', 'error', 'warning', 'info'];

export function storyOf(roster: Roster, options: StoryOptions): readonly Explained[] {
  const told = joinEnds(faultsOf(roster, options))
    .filter(({ fault }) => fault.finding.kind !== 'progress')
    .map((joined) => ({ joined, ...severityOf(joined) }));
  return told
    .map((each) => (isOvertaken(each, told) ? { ...each, ...OVERTAKEN } : each))
    .map(({ joined, ...judged }) => explained(joined, judged, options))
    .sort(byWeight);
}

interface Told extends Judged {
  readonly joined: Joined;
}

const OVERTAKEN = {
  severity: 'warning',
  because: 'another fault of that pair came after it',
} as const;

/** What a pair said first and not again is no more what keeps it apart: its last words are. */
function isOvertaken({ joined, severity }: Told, told: readonly Told[]): boolean {
  const { fault, remotes } = joined;
  const last = fault.last?.ms;
  if (severity !== 'error' || last === undefined) return false;
  return told.some((other) => {
    const { speaker, first, finding } = other.joined.fault;
    const isSamePair = speaker === fault.speaker && isSame(other.joined.remotes, remotes);
    const isLater = first !== undefined && first.ms > last;
    return other.severity === 'error' && isSamePair && isLater && finding.kind === 'peer-link';
  });
}

function isSame(a: readonly Member[], b: readonly Member[]): boolean {
  return a.length === b.length && a.every((member) => b.includes(member));
}

function byWeight(a: Explained, b: Explained): number {
  const pair = (each: Explained): string => `${each.from ?? '~'} ${each.to ?? '~'} ${each.code}`;
  const weight = ORDER.indexOf(a.severity) - ORDER.indexOf(b.severity);
  if (weight !== 0) return weight;
  return pair(a) < pair(b) ? -1 : Number(pair(a) > pair(b));
}

function explained(joined: Joined, judged: Judged, options: StoryOptions): Explained {
  const { fault } = joined;
  const { finding, speaker } = fault;
  const [from, to] = endsOf(joined);
  const maybe = fault.remotes.length === 0 || (from !== null && to !== null) ? [] : joined.remotes;
  return {
    code: finding.code,
    severity: judged.severity,
    from: from?.label ?? null,
    to: to?.label ?? null,
    maybe: finding.kind === 'peer-link' ? maybe.map(({ label }) => label) : [],
    count: fault.count,
    first: fault.first?.text ?? null,
    last: fault.last?.text ?? null,
    line: fault.line,
    member: speaker.label,
    cause: causeOf(joined, from, to, options),
    remedy: withNames(signatureOf(exactCode(joined))?.remedy ?? '', from?.label, to?.label),
    because: judged.because,
  };
}

/** Of several possible ends none is named; nor the only one a log happens to know, for there may be others. */
function endsOf({ fault, remotes, isTold }: Joined): readonly [Member | null, Member | null] {
  const isOnlyKnown = fault.basis === 'any' && !isTold && fault.remotes.length === 1;
  const [only = null] = remotes.length === 1 && !isOnlyKnown ? remotes : [];
  if (fault.basis === 'self') return [fault.speaker, null];
  return fault.finding.speaker === 'listener' ? [only, fault.speaker] : [fault.speaker, only];
}

/** The other end's code, where this one's words leave the reason open. */
function exactCode({ fault, partner }: Joined): string {
  return partner !== undefined && isVague(fault.finding) && !isVague(partner.finding)
    ? partner.finding.code
    : fault.finding.code;
}

function causeOf(
  joined: Joined,
  from: Member | null,
  to: Member | null,
  { certificates }: StoryOptions,
): string {
  const { fault, partner } = joined;
  const code = exactCode(joined);
  const exact = code === fault.finding.code ? fault : (partner ?? fault);
  const seen =
    certificates === undefined || from === null || to === null
      ? undefined
      : causeByCertificates(certificates, from.label, to.label, exact.finding);
  const parts = [seen ?? withNames(signatureOf(code)?.meaning ?? '', from?.label, to?.label)];
  if (exact !== fault) parts.push(`${exact.speaker.label} says of it: ${exact.finding.essence}`);
  else if (isNumbered(code)) parts.push(fault.finding.essence);
  const unnamed = unnamedText(joined);
  if (unnamed !== undefined) parts.push(unnamed);
  return parts.join('; ');
}

/** Whose words hold the names, addresses or dates that the sentence speaks of. */
function isNumbered(code: string): boolean {
  return /(?:client-source|server-name|expired|other|unusable|start-|data-)/u.test(code);
}

/** Several members behind one address are not told apart by guessing. */
function unnamedText({ fault, remotes, isTold }: Joined): string | undefined {
  const { finding, basis } = fault;
  if (finding.remoteIp === undefined || finding.kind !== 'peer-link') return undefined;
  if (basis === 'foreign') return `${finding.remoteIp} belongs to no member`;
  if (remotes.length <= 1) return undefined;
  const behind = `several members may be behind ${finding.remoteIp}`;
  return isTold
    ? `${behind}, and ${listed(remotes, 'and')} each have such a dial in their own log`
    : `${behind} (${listed(remotes, 'or')}), and the logs do not tell which`;
}

function listed(members: readonly Member[], word: string): string {
  return members.map(({ label }) => label).join(` ${word} `);
}

function withNames(text: string, from: string | undefined, to: string | undefined): string {
  let named = text;
  if (from !== undefined) named = named.replace(/\b(?:the|a) dialer(?='s|\b)|\bsomebody\b/gu, from);
  if (to !== undefined) {
    named = named.replace(/\b(?:the|this|a|that) (?:listener|peer)(?='s|\b)/gu, to);
  }
  return named;
}
