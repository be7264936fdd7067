/** Turns a plan file's rim into a judgement of all its certificates; nothing is changed. */

import { type Result, err, ok } from './base/result.ts';
import { type Stopped, discoverBlind } from './discover/blind.ts';
import { observe } from './engine.ts';
import { discoverInput, materialOf } from './engine-material.ts';
import type { Rim } from './engine-types.ts';
import { planFindings, soonestExpiry } from './model/certificate-plan.ts';
import type { CertificateFinding } from './model/certificate-findings.ts';
import type { DesiredMember } from './model/desired.ts';
import type { Failure } from './model/failure.ts';
import { memberIdFromDecimal } from './model/ids.ts';
import type { ObservedState } from './model/observed.ts';
import { FLAG } from './model/settings.ts';
import { type PeerUrl, parsePeerUrl } from './model/url.ts';

export interface VerifiedCertificates {
  readonly findings: readonly CertificateFinding[];
  readonly soonest: { readonly about: string; readonly endsMs: number } | undefined;
  readonly nowMs: number;
}

/**
 * Here, on the hosts, and against the URLs and addresses that members use now; where no endpoint answers, against
 * those of the plan file.
 */
export async function verifyCertificates(
  rim: Rim,
): Promise<Result<VerifiedCertificates, readonly Failure[]>> {
  const seen = await observe(rim);
  const silence = seen.ok ? undefined : silenceIn(seen.error);
  if (!seen.ok && silence === undefined) return seen;
  const looked = seen.ok ? ok(seen.value.state) : await lookWithout(rim, silence ?? '');
  if (!looked.ok) return looked;
  const observed = looked.value;
  const nowMs = rim.clock.nowMs();
  const read = await materialOf(rim, observed);
  if (!read.ok) return err(read.error);
  const plan = { desired: rim.desired, observed, ...read.value, nowMs };
  const findings = [...(silence === undefined ? [] : [unheard(silence)]), ...planFindings(plan)];
  return ok({ findings, soonest: soonestExpiry(plan), nowMs });
}

/** Why nobody answers, if that is all that is wrong. */
function silenceIn(failures: readonly Failure[]): string | undefined {
  const isSilent = failures.every(({ code }) => code === 'ENDPOINT_UNREACHABLE');
  return isSilent ? failures.map(({ but }) => but).join('; ') : undefined;
}

/** Hosts and peer ports, and for the rest the plan file's own word. */
async function lookWithout(
  rim: Rim,
  because: string,
): Promise<Result<ObservedState, readonly Failure[]>> {
  const list = await Promise.all(
    rim.desired.members.map(async (member, at): Promise<Stopped['list'][number]> => ({
      id: memberIdFromDecimal(String(at + 1)),
      name: member.name,
      peerUrls: await plannedUrls(rim, member),
      clientUrls: [],
      isLearner: false,
    })),
  );
  const input = { ...(await discoverInput(rim)), dialer: rim.dialer, because };
  const stopped = { clusterId: 'unknown', list, versions: new Map() };
  return discoverBlind({ ...input, clusterId: undefined, urls: new Map(), stopped });
}

/** What the plan file calls the member; else what its own settings do. */
async function plannedUrls(
  { doors }: Rim,
  { name, peerUrl, host: { address } }: DesiredMember,
): Promise<readonly PeerUrl[]> {
  if (peerUrl !== undefined) return [peerUrl];
  const read = await doors.get(name)?.config.read();
  const settings = read?.ok === true ? read.value.settings : {};
  const host = address?.includes(':') === true ? `[${address}]` : (address ?? '');
  const texts = [settings[FLAG.initialAdvertisePeerUrls], settings[FLAG.listenPeerUrls]];
  const own = texts.flatMap((text) => usable((text ?? '').split(',')));
  return own.length > 0 ? own.slice(0, 1) : usable([`https://${host}:2380`]);
}

function usable(texts: readonly string[]): readonly PeerUrl[] {
  return texts.map(parsePeerUrl).flatMap((url) => (url.ok ? [url.value] : []));
}

function unheard(because: string): CertificateFinding {
  return {
    check: 'names',
    level: 'unknown',
    about: 'the cluster',
    because: `which URLs and addresses its members use now is not known, those of the plan file are judged: ${because}`,
  };
}
