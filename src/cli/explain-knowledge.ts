/** Turns the plan file and the certificate files that `explain` was given into what they add to the logs. */

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { systemErrorText } from '../base/system-error.ts';
import type { Leaf } from '../model/certificate.ts';
import type { DesiredMember, DesiredSpec } from '../model/desired.ts';
import type { Knowledge } from '../model/explain/explanation.ts';
import type { Failure } from '../model/failure.ts';
import { urlParts } from '../model/url.ts';
import type { GlobalFlags } from './flags.ts';
import type { Output } from './output.ts';
import { readPlan, refuse } from './session.ts';

export interface ExplainFlags extends GlobalFlags {
  readonly plan?: string | undefined;
  /** `NAME=FILE` */
  readonly cert?: readonly string[] | undefined;
  readonly ca?: string | undefined;
}

/** The exit code when a file that was named cannot be used; that has been told. */
export async function readKnowledge(
  output: Output,
  flags: ExplainFlags,
): Promise<Knowledge | number> {
  const desired = flags.plan === undefined ? undefined : await readPlan(output, flags.plan);
  if (typeof desired === 'number') return desired;
  const named = (desired?.members ?? []).map((member) => ({
    name: member.name,
    addresses: addressesOf(member),
  }));
  const areAddressesKnown = desired?.members.every(
    ({ sourceAddresses }) => sourceAddresses.length > 0,
  );
  const certificates = await readCertificates(desired, flags);
  if ('failure' in certificates) return refuse(output, [certificates.failure]);
  return {
    named,
    areAddressesKnown: areAddressesKnown ?? false,
    ...certificates,
    nowMs: Date.now(),
  };
}

function addressesOf({
  peerUrl,
  host,
  sourceAddresses,
  listenPeerUrls,
}: DesiredMember): readonly string[] {
  const urls = [...(peerUrl === undefined ? [] : [peerUrl]), ...listenPeerUrls];
  const named = host.address === undefined ? [] : [host.address];
  return [...new Set([...urls.map((url) => urlParts(url).host), ...named, ...sourceAddresses])];
}

type Certificates = Pick<Knowledge, 'leaves' | 'trusted'>;

/** Files that the command line names must be there; those that a plan names may still be to come. */
async function readCertificates(
  desired: DesiredSpec | undefined,
  flags: ExplainFlags,
): Promise<Certificates | { readonly failure: Failure }> {
  const named = (flags.cert ?? []).map((pair) => {
    const at = pair.indexOf('=');
    return { name: pair.slice(0, Math.max(0, at)), file: pair.slice(at + 1), isAsked: true };
  });
  const planned = plannedFiles(desired);
  const files = [
    ...planned.leaves.filter(({ name }) => !named.some((each) => each.name === name)),
    ...named,
  ];
  if (files.length === 0 && flags.ca === undefined)
    return { leaves: new Map(), trusted: undefined };
  const { makePki } = await import('../adapters/pki/pki.ts');
  const pki = makePki(Date.now, randomBytes);
  const caFile = flags.ca ?? planned.ca;
  const caText = caFile === undefined ? undefined : await textOf(caFile);
  if (caText instanceof Error && flags.ca !== undefined)
    return { failure: unusable(flags.ca, caText.message) };
  const authority = typeof caText === 'string' ? pki.readCertificates(caText) : undefined;
  if (authority?.ok === false && caFile !== undefined)
    return { failure: unusable(caFile, authority.error) };
  const leaves = new Map<string, Leaf>();
  for (const { name, file, isAsked } of files) {
    const text = await textOf(file);
    const leaf =
      typeof text === 'string'
        ? pki.readLeaf(text, typeof caText === 'string' ? [caText] : [])
        : undefined;
    if (leaf?.ok === true) leaves.set(name, leaf.value);
    else if (isAsked)
      return {
        failure: unusable(file, text instanceof Error ? text.message : (leaf?.error ?? '')),
      };
  }
  const trusted =
    authority?.ok === true ? authority.value.map(({ fingerprint }) => fingerprint) : undefined;
  return { leaves, trusted };
}

interface PlannedFiles {
  readonly ca: string | undefined;
  readonly leaves: readonly {
    readonly name: string;
    readonly file: string;
    readonly isAsked: boolean;
  }[];
}

/** In-place certificates stand on the hosts, where `explain` does not look. */
function plannedFiles(desired: DesiredSpec | undefined): PlannedFiles {
  if (desired === undefined || desired.pki.mode === 'in-place')
    return { ca: undefined, leaves: [] };
  const { pki, members } = desired;
  const leaves = members.map(({ name, certificate }) => {
    const file = certificate.cert ?? `${pki.directory}/${pki.isShared ? 'peer' : name}.pem`;
    return { name, file, isAsked: false };
  });
  return { ca: pki.ca?.cert ?? `${pki.directory}/ca.pem`, leaves };
}

async function textOf(file: string): Promise<string | Error> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    return new Error(systemErrorText(error));
  }
}

function unusable(file: string, reason: string): Failure {
  return {
    code: 'CERTIFICATE_UNUSABLE',
    where: file,
    would: 'put the certificate beside what the logs say',
    but: reason,
    so: 'nothing was read',
    remedy: 'name PEM files: --cert m1=m1.pem --cert m2=m2.pem --ca ca.pem',
  };
}
