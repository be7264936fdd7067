/** Turns the words after `certs issue` and `certs csr` into a wish, by one of peershift's own profiles. */

import { type Result, err, ok } from '../base/result.ts';
import {
  type CertificateWish,
  type ExtendedUse,
  KEY_WISHES,
  type KeyUse,
} from '../model/certificate-wish.ts';
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../model/desired.ts';
import { hostNames } from './host-names.ts';

const PROFILES = ['peer', 'server', 'client'] as const;
export type Profile = (typeof PROFILES)[number];

/** A peer is a server to those who dial it and a client to those it dials. */
export const PROFILE_USES: Readonly<Record<Profile, readonly ExtendedUse[]>> = {
  peer: ['serverAuth', 'clientAuth'],
  server: ['serverAuth'],
  client: ['clientAuth'],
};

const DAY_MS = 86_400_000;
/** A host whose clock is behind this far still accepts what was just issued. */
const BACKDATE_MS = 5 * 60_000;
const LEAF_DAYS = 1825;
const AUTHORITY_DAYS = 3650;

export interface WishFlags {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly profile: string | undefined;
  readonly algorithm: string | undefined;
  readonly days: number | undefined;
  readonly isAuthority: boolean;
  /** Undefined in a CA: no CA below it. */
  readonly pathLength: number | undefined;
  readonly permit: readonly string[];
  readonly exclude: readonly string[];
}

/** The reason names the flag. */
export function wishOfFlags(flags: WishFlags): Result<CertificateWish, string> {
  const { algorithm = 'ecdsa-p256', profile = 'peer', days, isAuthority } = flags;
  if (!isAlgorithm(algorithm)) {
    return err(`--algorithm ${algorithm} is none of ${KEY_ALGORITHMS.join(', ')}`);
  }
  if (!isProfile(profile)) return err(`--profile ${profile} is none of ${PROFILES.join(', ')}`);
  if (days === 0) return err('--days 0 would be over at once');
  const { permit, exclude, pathLength } = flags;
  const hasConstraints = permit.length + exclude.length > 0;
  if (!isAuthority && (hasConstraints || pathLength !== undefined)) {
    return err('--path-length, --permit and --exclude are for a CA (--ca)');
  }
  const key = KEY_WISHES[algorithm];
  const leafUses: readonly KeyUse[] =
    key.kind === 'rsa' ? ['digitalSignature', 'keyEncipherment'] : ['digitalSignature'];
  return ok({
    subject: { CN: [flags.name] },
    names: hostNames(flags.hosts),
    key,
    lastsMs: (days ?? (isAuthority ? AUTHORITY_DAYS : LEAF_DAYS)) * DAY_MS + BACKDATE_MS,
    backdateMs: BACKDATE_MS,
    keyUses: isAuthority ? ['keyCertSign', 'cRLSign'] : leafUses,
    extendedUses: isAuthority ? [] : PROFILE_USES[profile],
    authority: isAuthority ? { maxCasBelow: pathLength ?? 0 } : undefined,
    constraints: hasConstraints ? { permitted: permit, excluded: exclude } : undefined,
    isLikeCfssl: false,
  });
}

function isAlgorithm(word: string): word is KeyAlgorithm {
  return (KEY_ALGORITHMS as readonly string[]).includes(word);
}

export function isProfile(word: string): word is Profile {
  return (PROFILES as readonly string[]).includes(word);
}
