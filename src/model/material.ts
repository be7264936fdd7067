/** What the operator's machine has to put on the hosts: CA, leaves and keys, made or still to be made. */

import type { Certificate, Leaf } from './certificate.ts';
import type { MemberName } from './ids.ts';

export interface Material {
  readonly mode: 'issue' | 'provided' | 'in-place';
  /** The CA file's certificates; one planned certificate when the CA is still to be made. */
  readonly authorities: readonly Certificate[];
  readonly authorityPath: string;
  readonly authorityKeyPath: string;
  readonly authorityDays: number;
  readonly mustMakeAuthority: boolean;
  readonly leaves: Readonly<Record<string, LeafMaterial>>;
  /** What peershift itself shows to members that ask for it, where the run issues that. */
  readonly operator?: LeafMaterial;
}

/** Of a scope that leaves the peers as they are. */
export const NO_MATERIAL: Material = {
  mode: 'issue',
  authorities: [],
  authorityPath: '',
  authorityKeyPath: '',
  authorityDays: 0,
  mustMakeAuthority: false,
  leaves: {},
};

export interface LeafMaterial {
  readonly member: MemberName;
  /** As it stands on the operator's machine (in-place: on the host), or as it will be issued. */
  readonly leaf: Leaf;
  readonly keyId: string;
  readonly certPath: string;
  readonly keyPath: string;
  /** What it must name. */
  readonly names: LeafNames;
  readonly mustIssue: boolean;
  /** It dials and never serves. */
  readonly isForClient?: true;
}

export interface LeafNames {
  readonly ipAddresses: readonly string[];
  readonly dnsNames: readonly string[];
}

/** The fingerprint of a certificate that is still to be made. */
export const PLANNED_AUTHORITY = 'planned:ca';

export function plannedLeafId(member: MemberName): string {
  return `planned:${member}`;
}
