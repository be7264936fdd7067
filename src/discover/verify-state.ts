/** Turns what was observed into findings that stand against mutual TLS before any dial; pure. */

import type { Finding } from '../model/finding.ts';
import type { ObservedMember, ObservedState, Stranger } from '../model/observed.ts';
import { quorumOf } from '../model/quorum.ts';
import { FLAG } from '../model/settings.ts';
import { isHttps, parsePeerUrl, sameUrls } from '../model/url.ts';
import type { MemberWorld, World } from '../model/world.ts';

/** Names of findings that are told only when they are not as they should be. */
export const STATE_CHECKS = {
  quorum: 'has-quorum',
  inPlan: 'is-in-plan',
  running: 'is-running',
  ownView: 'sees-agreed-list',
  advertised: 'advertises-https',
  listening: 'listens-on-https',
  ownCertificate: 'shows-its-own-leaf',
  demands: 'demands-certificate',
} as const;

export function stateFindings(state: ObservedState, world: World): readonly Finding[] {
  return [
    ...quorumFindings(state, world),
    ...state.strangers.map(strangerFinding),
    ...world.members.flatMap((member) => {
      const observed = state.members.find(({ name }) => name === member.name);
      return [
        ...advertisedFindings(world, member),
        ...(observed === undefined ? [] : processFindings(observed, member)),
        ...viewFindings(world, member),
      ];
    }),
  ];
}

/** Learners have no vote; of members that the plan does not name nobody knows whether they run. */
function quorumFindings(state: ObservedState, world: World): readonly Finding[] {
  const check = STATE_CHECKS.quorum;
  const voting = state.members.filter(({ isLearner }) => !isLearner).map(({ name }) => name);
  const unseen = state.strangers.filter(({ id }) => id !== undefined).length;
  const listed = voting.length + unseen;
  const up = world.members.filter(({ name, process }) => {
    return process !== undefined && voting.includes(name);
  }).length;
  const needed = quorumOf(listed);
  if (up < needed) {
    const because = `${String(up)} of ${String(listed)} voting members are known to run; quorum needs ${String(needed)}`;
    return [{ check, result: up + unseen < needed ? 'broken' : 'unknown', because }];
  }
  if (state.leader.known) return [];
  const because = `no leader is agreed on: ${state.leader.reason}`;
  return [{ check, result: 'unknown', because }];
}

function strangerFinding({ name, kind }: Stranger): Finding {
  return { check: STATE_CHECKS.inPlan, to: name, result: 'unknown', because: strangerText(kind) };
}

function strangerText(kind: Stranger['kind']): string {
  switch (kind) {
    case 'not-in-plan':
      return 'the cluster has it and the plan file does not name it: its links were not looked at';
    case 'not-in-cluster':
      return 'the plan file names it and the cluster does not have it';
    case 'unstarted':
      return 'it was added to the cluster and has never started: its links cannot be looked at';
  }
}

function advertisedFindings(world: World, { name }: MemberWorld): readonly Finding[] {
  const plain = (world.record[name] ?? []).filter((url) => !isHttps(url));
  if (plain.length === 0) return [];
  const because = `the member list has ${plain.join(', ')} for it: others dial that in the clear`;
  return [{ check: STATE_CHECKS.advertised, to: name, result: 'broken', because }];
}

function processFindings(observed: ObservedMember, member: MemberWorld): readonly Finding[] {
  const { name: to, process } = member;
  if (process === undefined) {
    return [
      { check: STATE_CHECKS.running, to, result: 'broken', because: 'its process does not run' },
    ];
  }
  const findings: Finding[] = [];
  const plain = process.peer.listen.filter((url) => !isHttps(url));
  const strange = strangeListeners(observed);
  const check = STATE_CHECKS.listening;
  if (plain.length > 0) {
    const because = `its process listens on ${plain.join(', ')}`;
    findings.push({ check, to, result: 'broken', because });
  } else if (strange.length > 0) {
    const because = `its process was started to listen on ${strange.join(', ')}, which cannot be judged`;
    findings.push({ check, to, result: 'unknown', because });
  }
  if (process.peer.hasAutoTls) {
    const because =
      'it runs with peer-auto-tls: it takes every certificate, and shows one that no CA has signed';
    findings.push({ check: STATE_CHECKS.ownCertificate, to, result: 'broken', because });
  } else if (!process.demandsClientCert && process.peer.listen.some(isHttps)) {
    const because = `it runs without ${FLAG.peerClientCertAuth}: whoever speaks TLS may come in`;
    findings.push({ check: STATE_CHECKS.demands, to, result: 'broken', because });
  }
  return findings;
}

/** Unix sockets and the like; etcd itself takes them. */
function strangeListeners({ running }: ObservedMember): readonly string[] {
  const text = running.known ? (running.value[FLAG.listenPeerUrls] ?? '') : '';
  const parts = text.split(',').map((part) => part.trim());
  return parts.filter((part) => part !== '' && !parsePeerUrl(part).ok);
}

/** A member dials what its own copy of the list says. */
function viewFindings(world: World, { name, view, process }: MemberWorld): readonly Finding[] {
  if (process === undefined) return [];
  return world.members.flatMap((peer): readonly Finding[] => {
    const [seen, agreed] = [view[peer.name] ?? [], world.record[peer.name] ?? []];
    if (sameUrls(seen, agreed)) return [];
    const because = `its own copy of the member list has ${listText(seen)}, the agreed one ${listText(agreed)}`;
    const ends = { from: name, to: peer.name };
    return [{ check: STATE_CHECKS.ownView, ...ends, result: 'broken', because }];
  });
}

function listText(urls: readonly string[]): string {
  return urls.length === 0 ? 'no peer URL' : urls.join(', ');
}
