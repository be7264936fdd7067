/** Turns both ends' certificates and the source address into the one sentence that names what is wrong with them. */

import { isoTime } from '../../base/time.ts';
import { type CaId, type Leaf, normalAddress, sanText } from '../certificate.ts';
import type { DialReason } from '../dial.ts';
import type { LogFinding } from '../signatures.ts';

export interface Certificates {
  /** By member. */
  readonly leaves: ReadonlyMap<string, Leaf>;
  /** What every member shall trust; undefined when no CA was given. */
  readonly trusted: readonly CaId[] | undefined;
  /** The hosts of each member's peer URLs. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  readonly nowMs: number;
}

type Check = (leaf: Leaf, owner: string, at: Case) => string | undefined;

interface Case {
  readonly certificates: Certificates;
  readonly finding: LogFinding;
  readonly to: string;
}

const dates: Check = ({ notBeforeMs, notAfterMs }, owner, { certificates: { nowMs } }) => {
  if (nowMs > notAfterMs) return `${owner}'s leaf expired at ${isoTime(notAfterMs)}`;
  return nowMs < notBeforeMs
    ? `${owner}'s leaf is not valid before ${isoTime(notBeforeMs)}`
    : undefined;
};

const trust: Check = (leaf, owner, { certificates: { trusted } }) => {
  if (trusted === undefined || leaf.trustedBy.some((each) => trusted.includes(each)))
    return undefined;
  return `${owner}'s leaf is of another CA (issuer ${leaf.issuer}) than the one that members trust`;
};

/** What a listener may hold against the dialer's leaf, in the order in which it does. */
const CLIENT: readonly (readonly [DialReason, Check])[] = [
  ['client-untrusted', trust],
  ['expired', dates],
  [
    'client-usage',
    (leaf, owner) => (leaf.clientAuth ? undefined : `${owner}'s leaf lacks clientAuth`),
  ],
  [
    'client-source',
    (leaf, owner, { finding, to }) => {
      const address = finding.remoteIp === undefined ? undefined : normalAddress(finding.remoteIp);
      if (address === undefined || leaf.ipAddresses.includes(address)) return undefined;
      return `${owner}'s leaf is valid for ${sanText(leaf)}, not for ${address}, the address its dials to ${to} come from`;
    },
  ],
];

const SERVER: readonly (readonly [DialReason, Check])[] = [
  ['no-trust', trust],
  ['expired', dates],
  [
    'server-usage',
    (leaf, owner) => (leaf.serverAuth ? undefined : `${owner}'s leaf lacks serverAuth`),
  ],
  [
    'server-name',
    (leaf, owner, { certificates, to }) => {
      const hosts = certificates.hosts.get(to) ?? [];
      const missing = hosts.filter((host) => !isNamed(leaf, host));
      if (missing.length === 0) return undefined;
      return `${owner}'s leaf is valid for ${sanText(leaf)}, not for ${missing.join(', ')}, its peer URL's host`;
    },
  ],
];

function isNamed({ ipAddresses, dnsNames }: Leaf, host: string): boolean {
  return ipAddresses.includes(normalAddress(host)) || dnsNames.includes(host.toLowerCase());
}

/** Undefined when the certificates given do not show what the finding speaks of. */
export function causeByCertificates(
  certificates: Certificates,
  from: string,
  to: string,
  finding: LogFinding,
): string | undefined {
  const { reasons } = finding;
  if (reasons === 'any') return undefined;
  const at = { certificates, finding, to };
  const sides = [
    [CLIENT, from],
    [SERVER, to],
  ] as const;
  for (const [checks, owner] of sides) {
    const leaf = certificates.leaves.get(owner);
    for (const [reason, check] of leaf === undefined ? [] : checks) {
      if (!reasons.includes(reason) || leaf === undefined) continue;
      const cause = check(leaf, owner, at);
      if (cause !== undefined) return cause;
    }
  }
  return undefined;
}
