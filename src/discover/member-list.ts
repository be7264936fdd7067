/**
 * Turns several members' copies of the member list into the one the cluster agreed on, and into
 * views.
 */

import { canonicalJson } from '../base/digest.ts';
import type { Result } from '../base/result.ts';
import type { Failure } from '../model/failure.ts';
import type { EndpointStatus, ListedMember, MemberList } from '../ports.ts';
import { type PeerUrl, parsePeerUrl } from '../model/url.ts';

interface Copy {
  readonly status: Result<EndpointStatus, Failure>;
  readonly list: Result<MemberList, Failure>;
}

/**
 * The list that most answering members have; of two that equally many have, the one of the member
 * that has applied most, since a list only changes by what is applied.
 */
export function agreedList(copies: readonly Copy[]): readonly ListedMember[] {
  const groups = new Map<string, { count: number; applied: number; list: MemberList }>();
  for (const { status, list } of copies) {
    if (!list.ok) continue;
    const key = viewKey(list.value);
    const { count, applied } = groups.get(key) ?? { count: 0, applied: 0 };
    const index = status.ok ? status.value.appliedIndex : 0;
    groups.set(key, { count: count + 1, applied: Math.max(applied, index), list: list.value });
  }
  const [best] = [...groups.values()].sort((a, b) => b.count - a.count || b.applied - a.applied);
  return best?.list.members ?? [];
}

export function haveOneView(copies: readonly Copy[]): boolean {
  return new Set(copies.flatMap(({ list }) => (list.ok ? [viewKey(list.value)] : []))).size <= 1;
}

/**
 * Name to peer URLs, as this copy has them; members that never started have no name and are left
 * out.
 */
export function viewOf(
  members: readonly ListedMember[],
): Readonly<Record<string, readonly PeerUrl[]>> {
  const named = members.filter(({ name }) => name !== '');
  return Object.fromEntries(named.map(({ name, peerUrls }) => [name, usableUrls(peerUrls)]));
}

export function usableUrls(texts: readonly string[]): readonly PeerUrl[] {
  return texts.flatMap((text) => {
    const url = parsePeerUrl(text);
    return url.ok ? [url.value] : [];
  });
}

/** One failure for each member whose entry, in any copy, has a URL that etcd itself refuses. */
export function urlFailures(lists: readonly MemberList[]): readonly Failure[] {
  const reasons = new Map<string, string>();
  for (const { name, id, peerUrls } of lists.flatMap(({ members }) => members)) {
    const who = name === '' ? `member ${id}` : `member ${name}`;
    const bad = peerUrls.flatMap((text) => {
      const url = parsePeerUrl(text);
      return url.ok ? [] : [`its peer URL ${JSON.stringify(text)}: ${url.error}`];
    });
    if (peerUrls.length === 0) bad.push('it has no peer URL');
    if (bad.length > 0) reasons.set(who, bad.join('; '));
  }
  return [...reasons].map(([where, but]) => ({
    code: 'PEER_URL_UNUSABLE',
    where,
    would: 'read the member list',
    but,
    so: 'etcd panics on such an entry when it applies it, again at each restart; nothing was changed',
    remedy: `correct the peer URLs of ${where} with etcdctl member update before anything is restarted`,
  }));
}

/**
 * What makes two copies different: who is in it, under which name, with which peer URLs and vote.
 */
function viewKey({ members }: MemberList): string {
  const rows = members.map(({ id, name, peerUrls, isLearner }) => {
    return canonicalJson([id, name, [...peerUrls].sort(), isLearner]);
  });
  return rows.sort().join('\n');
}
