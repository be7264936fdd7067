/** Turns the pki block and the members' certificate blocks into where certificates come from. */

import { type DesiredMember, type DesiredPki, movesPeers } from '../model/desired.ts';
import { type Context, hostPath, operatorPath } from './context.ts';
import { DEFAULTS } from './defaults.ts';
import { type Path, pathText } from './finding.ts';
import type { LoosePlan } from './shape.ts';
import { pairOf } from './to-cluster.ts';
import { isAddress } from './urls.ts';

type Certificate = DesiredMember['certificate'];

/** Undefined: what is wrong is reported. */
export function toPki(context: Context, plan: LoosePlan): DesiredPki | undefined {
  const given = plan.pki ?? {};
  const mode = modeOf(context, plan);
  if (mode === undefined) return undefined;
  const directory = operatorPath(
    context,
    ['pki', 'directory'],
    given.directory ?? DEFAULTS.pki.directory,
  );
  const cert = operatorPath(context, ['pki', 'ca', 'cert'], given.ca?.cert);
  const key = operatorPath(context, ['pki', 'ca', 'key'], given.ca?.key);
  if (mode === 'issue' && given.ca !== undefined && !context.has(['pki', 'ca', 'key'])) {
    const message = 'pki.ca.key is missing: an existing CA issues with its key';
    const hint = 'add "key: pki/ca-key.pem", or take pki.ca away to have a CA made';
    context.problem(['pki', 'ca'], message, hint);
  }
  if (mode !== 'issue' && hasPeers(plan) && !context.has(['pki', 'ca'])) {
    const message = `pki.ca is missing: mode ${mode} needs the CA that verifies the certificates`;
    context.problem(['pki', 'ca'], message, 'write, for instance, "ca: { cert: pki/ca.pem }"');
  }
  if (directory === undefined) return undefined;
  return {
    mode,
    directory,
    ca: cert === undefined ? undefined : { cert, key },
    algorithm: given.algorithm ?? DEFAULTS.pki.algorithm,
    days: given.days ?? DEFAULTS.pki.days,
    isShared: given.shared ?? DEFAULTS.pki.shared,
  };
}

/** The scope has the peers, who need certificates then. */
function hasPeers({ scope = DEFAULTS.scope }: LoosePlan): boolean {
  return movesPeers(scope);
}

/** Undefined when the person wrote a mode that does not exist: then nothing follows from it. */
export function modeOf(context: Context, plan: LoosePlan): DesiredPki['mode'] | undefined {
  const isBroken =
    (context.has(['pki']) && plan.pki === undefined) ||
    (context.has(['pki', 'mode']) && plan.pki?.mode === undefined);
  return isBroken ? undefined : (plan.pki?.mode ?? DEFAULTS.pki.mode);
}

/** The certificate of member `index`. `isLocal` undefined: where its host is was wrong. */
export function toCertificate(
  context: Context,
  plan: LoosePlan,
  index: number,
  isLocal: boolean | undefined,
  which: 'certificate' | 'clientCertificate' = 'certificate',
): Certificate {
  const path: Path = ['members', index, which];
  const given = plan.members?.[index]?.[which];
  const mode = modeOf(context, plan);
  const sans = (given?.sans ?? []).filter((name) => name !== undefined);
  sans.forEach((name, item) => {
    checkName(context, [...path, 'sans', item], name);
  });
  if (mode === 'issue') {
    refuseFiles(context, path);
  } else {
    pairOf(context, path, 'cert', 'key');
    pairOf(context, path, 'key', 'cert');
  }
  if (mode !== 'issue' && sans.length > 0) {
    const message = 'sans are for certificates that are issued here';
    context.problem([...path, 'sans'], message, 'take sans away, or set pki.mode to issue');
  }
  const read = (key: 'cert' | 'key', text: string | undefined): string | undefined => {
    if (mode !== 'in-place') return operatorPath(context, [...path, key], text);
    if (text === undefined || isLocal === undefined) return undefined;
    return hostPath(context, [...path, key], text, isLocal);
  };
  return { cert: read('cert', given?.cert), key: read('key', given?.key), sans };
}

function refuseFiles(context: Context, path: Path): void {
  for (const key of ['cert', 'key']) {
    if (!context.has([...path, key])) continue;
    const message = `${pathText([...path, key])} stands here, and pki.mode is issue: peershift makes this file itself`;
    context.problem([...path, key], message, 'take it away, or set pki.mode: provided or in-place');
  }
}

/**
 * Completes the certificates when they are provided or in place: each member names a pair; with
 * `pki.shared` one member may name it for all. Reports who has none, and a shared leaf that is two.
 */
export function completeCertificates(
  context: Context,
  plan: LoosePlan,
  certificates: readonly Certificate[],
): readonly Certificate[] {
  const mode = modeOf(context, plan);
  if (mode === undefined || mode === 'issue' || !hasPeers(plan)) return certificates;
  const isShared = plan.pki?.shared === true;
  const first = certificates.findIndex(({ cert, key }) => cert !== undefined && key !== undefined);
  const shared = isShared ? certificates[first] : undefined;
  return certificates.map((own, index) => {
    const path: Path = ['members', index, 'certificate'];
    const member = plan.members?.[index];
    const isBroken =
      member === undefined || (context.has(path) && member.certificate === undefined);
    const hasOwn = context.has([...path, 'cert']) || context.has([...path, 'key']);
    if (!hasOwn && shared !== undefined) return { ...own, cert: shared.cert, key: shared.key };
    if (!hasOwn && !isBroken) {
      const message = `${pathText(path)} has no cert and key, which pki.mode ${mode} needs`;
      context.problem(
        path,
        message,
        'write "certificate: { cert: ..., key: ... }" for this member',
      );
    }
    const isOther = own.cert !== shared?.cert || own.key !== shared?.key;
    if (hasOwn && mode === 'provided' && shared !== undefined && isOther) {
      const message = `${pathText(path)} is not the leaf of members[${String(first)}], and pki.shared is true`;
      context.problem(path, message, 'name the same files for all, or take pki.shared away');
    }
    return own;
  });
}

const DNS_NAME =
  /^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*$/;

function checkName(context: Context, path: Path, name: string): void {
  if (isAddress(name) || (DNS_NAME.test(name) && !/^[\d.]+$/.test(name))) return;
  const message = `${pathText(path)} must be a DNS name or an IP address`;
  context.problem(path, message, 'write the bare name, without scheme and port');
}
