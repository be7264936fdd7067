/** Turns the findings of `verify` into a table and one closing sentence. */

import { CLIENT_CHECKS, FINDING_CHECKS, type Finding } from '../model/finding.ts';
import { type Paint, PLAIN } from './paint.ts';
import { tableLines } from './table.ts';
import { withoutControls } from './wrap.ts';

export interface VerifyData {
  readonly findings: readonly Finding[];
  readonly isMutualTlsOnly: boolean;
  readonly sentence: string;
}

export function verifyText(findings: readonly Finding[], paint: Paint = PLAIN): string {
  const { isMutualTlsOnly, sentence } = verifyJson(findings);
  const rows = findings.map((finding) => [
    mark(finding, paint),
    finding.check,
    endsText(finding),
    withoutControls(finding.because),
  ]);
  const closing = isMutualTlsOnly ? paint.green(sentence) : paint.red(sentence);
  return [...tableLines(rows), ...(rows.length === 0 ? [] : ['']), closing].join('\n');
}

/** Mutual TLS only: every finding proven, and at least one of each kind that the sentence counts. */
export function verifyJson(findings: readonly Finding[]): VerifyData {
  const members = new Set(findings.flatMap(({ from, to }) => [from, to]).filter(Boolean));
  // A one-member cluster has no pair that could dial.
  const isOfClients = ({ check }: Finding): boolean => CLIENT_WORDS.has(check);
  const isClientsAlone = findings.length > 0 && findings.every(isOfClients);
  const counted = (isClientsAlone ? [] : Object.values(FINDING_CHECKS)).filter((check) => {
    return members.size !== 1 || check !== FINDING_CHECKS.mutualTls;
  });
  const isMutualTlsOnly =
    findings.every((finding) => finding.result === 'proven') &&
    counted.every((check) => findings.some((finding) => finding.check === check));
  return { findings, isMutualTlsOnly, sentence: sentenceOf(findings, isMutualTlsOnly) };
}

function sentenceOf(findings: readonly Finding[], isMutualTlsOnly: boolean): string {
  const { mutualTls, refusesPlain, refusesAnonymous } = FINDING_CHECKS;
  const named: readonly string[] = [mutualTls, refusesPlain, refusesAnonymous];
  const all = [...new Set(findings.map(({ check }) => check))];
  const others = all.filter((each) => !named.includes(each) && !CLIENT_WORDS.has(each));
  const ofClients = all.flatMap((check) => {
    const words = CLIENT_WORDS.get(check);
    return words === undefined ? [] : [`${words} ${share(findings, check)}`];
  });
  const ofPeers =
    ofClients.length === all.length && all.length > 0
      ? []
      : [
          `${share(findings, mutualTls)} ordered pairs dial with TLS and a client certificate`,
          `plain http refused by ${share(findings, refusesPlain)}`,
          `a dial without a certificate refused by ${share(findings, refusesAnonymous)}`,
        ];
  const parts = [
    ...ofPeers,
    ...others.map((check) => `${check} ${share(findings, check)}`),
    ...ofClients,
  ];
  const proven = ofPeers.length === 0 ? 'clients are served by https only' : 'mutual TLS only';
  return `${isMutualTlsOnly ? proven : 'NOT proven'}: ${parts.join('; ')}`;
}

const CLIENT_WORDS: ReadonlyMap<string, string> = new Map([
  [CLIENT_CHECKS.published, 'client URLs published as https alone by'],
  [CLIENT_CHECKS.answersHttps, 'https answered to clients by'],
  [CLIENT_CHECKS.refusesPlain, 'plain http refused to clients by'],
  [CLIENT_CHECKS.refusesAnonymous, 'a client without a certificate refused by'],
]);

/** `6 of 6`: proven of asked. */
function share(findings: readonly Finding[], check: string): string {
  const asked = findings.filter((finding) => finding.check === check);
  const proven = asked.filter((finding) => finding.result === 'proven');
  return `${String(proven.length)} of ${String(asked.length)}`;
}

function mark({ result }: Finding, paint: Paint): string {
  switch (result) {
    case 'proven':
      return paint.green('proven');
    case 'broken':
      return paint.red('BROKEN');
    case 'unknown':
      return paint.yellow('UNKNOWN');
  }
}

function endsText({ from, to }: Finding): string {
  if (from !== undefined && to !== undefined) return `${from} → ${to}`;
  return from ?? to ?? '';
}
