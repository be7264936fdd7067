/** Turns one member's peer ports into the findings that they refuse plain http and a TLS dial without a leaf. */

import { FINDING_CHECKS, type Finding } from '../model/finding.ts';
import { type PeerUrl, hostPort, isHttps, isLoopback, urlParts, withScheme } from '../model/url.ts';
import type { MemberWorld, World } from '../model/world.ts';
import type { PeerDialer, PeerRefusal, PeerTarget } from '../ports.ts';

export interface MemberPorts {
  readonly world: World;
  readonly member: MemberWorld;
  /** PEM of every CA that a running process names. */
  readonly authorities: string;
  /** Is the member's host the machine that peershift runs on? */
  readonly isHere: boolean;
  readonly dialer: PeerDialer;
}

/** One host and port at which the member is advertised or listens. */
interface Port {
  readonly target: PeerTarget;
  /** Its process was started to speak plain http there. */
  readonly isPlainListener: boolean;
  /** Why it cannot be dialed from this machine. */
  readonly outOfReach: string | undefined;
}

type Verdict = Pick<Finding, 'result' | 'because'>;

export async function portFindings(ports: MemberPorts): Promise<readonly Finding[]> {
  const to = ports.member.name;
  const all = portsOf(ports);
  const [plain, anonymous] = await Promise.all([
    joined(all.map((port) => plainVerdict(ports, port))),
    joined(all.map((port) => anonymousVerdict(ports, port))),
  ]);
  return [
    { check: FINDING_CHECKS.refusesPlain, to, ...plain },
    { check: FINDING_CHECKS.refusesAnonymous, to, ...anonymous },
  ];
}

async function plainVerdict({ member, dialer }: MemberPorts, port: Port): Promise<Verdict> {
  const at = addressOf(port);
  const asked =
    port.outOfReach === undefined ? await dialer.dialPlain(port.target) : notAsked(port.outOfReach);
  if (port.isPlainListener && asked.result !== 'accepted') {
    return { result: 'broken', because: `${at}: it listens there on plain http` };
  }
  return verdict(at, member.process === undefined && asked.result === 'refused' ? down() : asked);
}

async function anonymousVerdict(ports: MemberPorts, port: Port): Promise<Verdict> {
  const { member, authorities, dialer } = ports;
  const at = addressOf(port);
  if (port.isPlainListener) {
    return { result: 'broken', because: `${at}: plain http asks nobody for a certificate` };
  }
  if (member.process === undefined) return verdict(at, down());
  if (!member.process.demandsClientCert) {
    return { result: 'broken', because: `${at}: it runs without demanding a client certificate` };
  }
  if (port.outOfReach !== undefined) return verdict(at, notAsked(port.outOfReach));
  return verdict(at, await dialer.dialWithoutLeaf(port.target, authorities));
}

/** The worst of all ports decides, and only ports that speak for it are named. */
async function joined(asked: readonly Promise<Verdict>[]): Promise<Verdict> {
  const verdicts = await Promise.all(asked);
  const results = verdicts.map(({ result }) => result);
  const result = (['broken', 'unknown'] as const).find((each) => results.includes(each));
  if (verdicts.length === 0) return { result: 'unknown', because: 'it has no peer port to ask' };
  const telling = verdicts.filter((each) => result === undefined || each.result === result);
  const because = telling.map((each) => each.because).join('; ');
  return { result: result ?? 'proven', because };
}

function verdict(at: string, { result, because }: PeerRefusal): Verdict {
  const results = { refused: 'proven', accepted: 'broken', unknown: 'unknown' } as const;
  return { result: results[result], because: `${at}: ${because}` };
}

function notAsked(because: string): PeerRefusal {
  return { result: 'unknown', because };
}

function down(): PeerRefusal {
  return { result: 'unknown', because: 'its process does not run' };
}

function addressOf({ target }: Port): string {
  return hostPort(target.url);
}

/** Advertised ports first, then listeners that are not among them; a wildcard is dialed at the advertised hosts. */
function portsOf({ world, member, isHere }: MemberPorts): readonly Port[] {
  const advertised = world.record[member.name] ?? [];
  const listeners = member.process?.peer.listen ?? [];
  const hosts = [...new Set(advertised.map((url) => urlParts(url).host))];
  const concrete = listeners.flatMap((url) => concreteUrls(url, hosts));
  const byAddress = new Map<string, Port>();
  for (const url of [...advertised, ...concrete.map((each) => each.url)]) {
    const address = hostPort(url);
    if (byAddress.has(address)) continue;
    const { host } = urlParts(url);
    const [name] = hosts;
    const coveredName = hosts.includes(host) ? host : name;
    byAddress.set(address, {
      target: {
        url: withScheme(url, 'https'),
        ...(coveredName === undefined ? {} : { coveredName }),
      },
      isPlainListener: concrete.some((each) => each.isPlain && hostPort(each.url) === address),
      outOfReach: isLoopback(host) && !isHere ? 'a loopback address of another machine' : undefined,
    });
  }
  return [...byAddress.values()].sort((a, b) => (addressOf(a) < addressOf(b) ? -1 : 1));
}

function concreteUrls(
  listener: PeerUrl,
  hosts: readonly string[],
): readonly { readonly url: PeerUrl; readonly isPlain: boolean }[] {
  const { host, port, scheme } = urlParts(listener);
  const isPlain = !isHttps(listener);
  if (host !== '0.0.0.0' && host !== '::') return [{ url: listener, isPlain }];
  return hosts.map((each) => {
    const shown = each.includes(':') ? `[${each}]` : each;
    return { url: `${scheme}://${shown}:${String(port)}` as PeerUrl, isPlain };
  });
}
