/** Turns each member's client URLs into findings: https answers, and plain http and a nameless client are refused. */

import { CLIENT_CHECKS, type Finding } from '../model/finding.ts';
import { type PeerUrl, isHttps, parsePeerUrl, withScheme } from '../model/url.ts';
import type { MemberWorld, World } from '../model/world.ts';
import type { ObservedState } from '../model/observed.ts';
import type { PeerDialer, PeerFiles, PeerRefusal } from '../ports.ts';
import { mapBounded } from './bounded.ts';

export interface VerifyClientsInput {
  readonly state: ObservedState;
  /** Of the same state. */
  readonly world: World;
  readonly dialer: PeerDialer;
  /** Peershift's own; undefined: they cannot be read. */
  readonly files: PeerFiles | undefined;
  /** The plan asks clients for certificates. */
  readonly certAuth: boolean;
}

/** As the peers': enough to be quick, far below what a listener notices. */
const QUESTIONS_AT_ONCE = 8;

/** Makes dials that must be refused, and writes nothing; by check, then by member. */
export async function verifyClients(input: VerifyClientsInput): Promise<readonly Finding[]> {
  const found = await mapBounded(input.world.members, QUESTIONS_AT_ONCE, (member) => {
    return memberFindings(input, member);
  });
  const order: readonly string[] = Object.values(CLIENT_CHECKS);
  return found.flat().sort((a, b) => order.indexOf(a.check) - order.indexOf(b.check));
}

async function memberFindings(
  input: VerifyClientsInput,
  member: MemberWorld,
): Promise<readonly Finding[]> {
  const to = member.name;
  const urls = publishedOf(input.state, to);
  const plain = urls.filter((url) => !isHttps(url));
  const published: Finding = {
    check: CLIENT_CHECKS.published,
    to,
    ...(urls.length > 0 && plain.length === 0
      ? { result: 'proven', because: `the member list has ${urls.join(' and ')} for it` }
      : { result: 'broken', because: publishedBecause(plain) }),
  };
  const dials = await Promise.all(
    urls.map((url) => urlFindings(input, to, withScheme(url, 'https'))),
  );
  const asks = input.certAuth ? [] : [CLIENT_CHECKS.refusesAnonymous];
  const [first] = dials;
  const kinds = (first ?? []).map(({ check }) => check).filter((check) => !asks.includes(check));
  return [
    published,
    ...kinds.map((check) => worst(dials.flat().filter((each) => each.check === check))),
  ];
}

function publishedBecause(plain: readonly string[]): string {
  return plain.length === 0
    ? 'the member list has no client URL for it'
    : `the member list has ${plain.join(' and ')} for it: clients that follow it speak in the clear`;
}

function publishedOf({ members }: ObservedState, name: string): readonly PeerUrl[] {
  const texts = members.find((each) => each.name === name)?.clientUrls ?? [];
  return texts.flatMap((text) => {
    const url = parsePeerUrl(text);
    return url.ok ? [url.value] : [];
  });
}

async function urlFindings(
  { dialer, files }: VerifyClientsInput,
  to: Finding['to'] & string,
  url: PeerUrl,
): Promise<readonly Finding[]> {
  const target = { url };
  const answer = files === undefined ? undefined : await dialer.dial(target, files);
  const secure: PeerRefusal =
    answer === undefined
      ? { result: 'unknown', because: `${url}: the files under cluster.tls cannot be read` }
      : answer.ok
        ? {
            result: 'refused',
            because: `${url}: ${answer.value.protocol}, etcd ${answer.value.version}`,
          }
        : { result: 'accepted', because: `${url}: ${answer.error.because}` };
  const plain = await dialer.dialPlain(target);
  const bare =
    files === undefined
      ? { result: 'unknown' as const, because: 'the CA cannot be read' }
      : await dialer.dialWithoutLeaf(target, files.ca);
  return [
    finding(CLIENT_CHECKS.answersHttps, to, secure),
    finding(CLIENT_CHECKS.refusesPlain, to, { ...plain, because: `${url}: ${plain.because}` }),
    finding(CLIENT_CHECKS.refusesAnonymous, to, { ...bare, because: `${url}: ${bare.because}` }),
  ];
}

/** `refused` stands for as it should be. */
function finding(check: string, to: string, { result, because }: PeerRefusal): Finding {
  const results = { refused: 'proven', accepted: 'broken', unknown: 'unknown' } as const;
  return { check, to, result: results[result], because };
}

function worst(findings: readonly Finding[]): Finding {
  const bad =
    findings.find(({ result }) => result === 'broken') ??
    findings.find(({ result }) => result === 'unknown');
  const [first] = findings;
  return bad ?? { check: '', result: 'unknown', because: 'nothing was asked', ...first };
}
