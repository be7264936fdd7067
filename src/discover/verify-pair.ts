/** Turns one ordered pair of members into the finding whether the one dials the other by mutual TLS. */

import type { Result } from '../base/result.ts';
import { dial, leafOf } from '../model/dial.ts';
import { FINDING_CHECKS, type Finding } from '../model/finding.ts';
import { type PeerUrl, isHttps, sortedUrls } from '../model/url.ts';
import { type MemberWorld, type World, isUp } from '../model/world.ts';
import type { PeerDialer, PeerFiles, PeerTroubleKind } from '../ports.ts';

export interface Pair {
  readonly world: World;
  readonly from: MemberWorld;
  readonly to: MemberWorld;
  /** Of the dialing member; undefined when it is down. */
  readonly files: Result<PeerFiles, string> | undefined;
  /** Why a dial from this machine is none from the member's host; undefined when it is one. */
  readonly elsewhere: string | undefined;
  readonly dialer: PeerDialer;
}

/** What may lie with this machine or with the moment, and not with the link. */
export const UNDECIDED: ReadonlySet<PeerTroubleKind> = new Set([
  'timeout',
  'unusable-files',
  'other',
]);

type Verdict = Pick<Finding, 'result' | 'because'>;

/**
 * Proven when three things agree: every URL that the dialing member may use is https, its running
 * process can by what it has loaded, and a dial from its host with its own files is answered by etcd
 * behind the other's own leaf. What is known to be wrong is told without a dial.
 */
export async function pairFinding(pair: Pair): Promise<Finding> {
  const { result, because } = verdictBefore(pair) ?? (await verdictOfDials(pair));
  const { from, to } = pair;
  return { check: FINDING_CHECKS.mutualTls, from: from.name, to: to.name, result, because };
}

function verdictBefore({ world, from, to }: Pair): Verdict | undefined {
  const plain = urlsOf(world, from, to).filter((url) => !isHttps(url));
  if (plain.length > 0) return broken(`${from.name} dials ${to.name} at ${plain.join(', ')}`);
  const down = [from, to].filter((member) => !isUp(member));
  if (down.length > 0) {
    return unknown(
      `${down.map(({ name }) => name).join(' and ')} does not run: nothing can be shown`,
    );
  }
  const answer = dial(world, from, to);
  if (answer.can === 'no') return broken(answer.because);
  if (from.process?.peer.hasAutoTls === true) {
    return broken(`${from.name} runs with peer-auto-tls: it dials without a leaf of the CA`);
  }
  if (to.process?.demandsClientCert === false) {
    return broken(`${to.name} does not demand a client certificate`);
  }
  return answer.can === 'unknown' ? unknown(answer.because) : undefined;
}

async function verdictOfDials(pair: Pair): Promise<Verdict> {
  const { world, from, to, files, elsewhere } = pair;
  if (elsewhere !== undefined) return unknown(elsewhere);
  if (files === undefined) return unknown(`${from.name} does not run`);
  if (!files.ok) return unknown(files.error);
  const urls = urlsOf(world, from, to);
  const dials = urls.map((url) => verdictOfDial(pair, files.value, url));
  const verdicts = await Promise.all(dials);
  const worst = verdicts.find(({ result }) => result === 'broken');
  const open = verdicts.find(({ result }) => result === 'unknown');
  const because = verdicts.map((verdict) => verdict.because).join('; ');
  return worst ?? open ?? { result: urls.length === 0 ? 'unknown' : 'proven', because };
}

/** One dial with these files; proven only by etcd's answer behind the leaf that stands on the other's disk. */
export async function verdictOfDial(
  { to, dialer }: Pick<Pair, 'to' | 'dialer'>,
  files: PeerFiles,
  url: PeerUrl,
): Promise<Verdict> {
  const answer = await dialer.dial({ url }, files);
  if (!answer.ok) {
    const { kind, because } = answer.error;
    return UNDECIDED.has(kind) ? unknown(`${url}: ${because}`) : broken(`${url}: ${because}`);
  }
  const { protocol, cipher, fingerprint, version } = answer.value;
  const leaf = to.process === undefined ? undefined : leafOf(to, to.process);
  if (leaf?.fingerprint !== fingerprint) {
    return unknown(`${url} answers with another leaf than the one on the disk of ${to.name}`);
  }
  return { result: 'proven', because: `${url}: ${protocol}, ${cipher}, etcd ${version} answers` };
}

/** What the agreed list and the dialing member's own copy of it have, without doubles. */
function urlsOf(world: World, from: MemberWorld, to: MemberWorld): readonly PeerUrl[] {
  const urls = [...(world.record[to.name] ?? []), ...(from.view[to.name] ?? [])];
  return sortedUrls([...new Set(urls)]);
}

function broken(because: string): Verdict {
  return { result: 'broken', because };
}

function unknown(because: string): Verdict {
  return { result: 'unknown', because };
}
