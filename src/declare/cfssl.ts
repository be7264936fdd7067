/** Turns cfssl's JSON files (a request, a signing configuration) into wishes, as cfssl 1.2 reads them. */

import { z } from 'zod';

import { type Result, err, ok } from '../base/result.ts';
import type {
  CertificateWish,
  ExtendedUse,
  KeyUse,
  KeyWish,
  SubjectPart,
  SubjectWish,
} from '../model/certificate-wish.ts';
import { hostNames } from './host-names.ts';
import { goDurationMs } from './go-duration.ts';

/** Go leaves a field as it was at `null`, and so at its zero. */
const text = z.string().nullish();
const flag = z.boolean().nullish();
const number = z.number().int().nullish();

const NAME_PARTS = { c: 'C', st: 'ST', l: 'L', o: 'O', ou: 'OU' } as const;

const RequestShape = z.object({
  cn: text,
  hosts: z.array(z.string()).nullish(),
  key: z.object({ algo: text, size: number }).nullish(),
  names: z
    .array(z.object({ c: text, st: text, l: text, o: text, ou: text, serialnumber: text }))
    .nullish(),
  serialnumber: text,
  ca: z.object({ pathlen: number, pathlenzero: flag, expiry: text }).nullish(),
});
export type CfsslRequest = z.infer<typeof RequestShape>;

const Profile = z.looseObject({
  usages: z.array(z.string()).nullish(),
  expiry: text,
  backdate: text,
  ca_constraint: z.object({ is_ca: flag, max_path_len: number, max_path_len_zero: flag }).nullish(),
});
type Profile = z.infer<typeof Profile>;

/** What cfssl would write into the certificate, or refuse by, and peershift does not know. */
const NOT_KNOWN = [
  ...['issuer_urls', 'ocsp_url', 'crl_url', 'ocsp_no_check', 'policies', 'ct_log_servers'],
  ...['name_whitelist', 'csrwhitelist', 'not_before', 'not_after', 'remote', 'auth_remote'],
] as const;

const ConfigShape = z.object({
  signing: z.object({
    default: Profile.nullish(),
    profiles: z.record(z.string(), Profile).nullish(),
  }),
});

export interface SigningProfile {
  readonly keyUses: readonly KeyUse[];
  readonly extendedUses: readonly ExtendedUse[];
  readonly lastsMs: number;
  readonly backdateMs: number;
  readonly authority: CertificateWish['authority'];
}

/** config.KeyUsage and config.ExtKeyUsage, with its spelling. */
const USAGES: Readonly<Record<string, KeyUse>> = {
  signing: 'digitalSignature',
  'digital signature': 'digitalSignature',
  'content committment': 'contentCommitment',
  'key encipherment': 'keyEncipherment',
  'key agreement': 'keyAgreement',
  'data encipherment': 'dataEncipherment',
  'cert sign': 'keyCertSign',
  'crl sign': 'cRLSign',
  'encipher only': 'encipherOnly',
  'decipher only': 'decipherOnly',
};
const EXTENDED_USAGES: Readonly<Record<string, ExtendedUse>> = {
  any: 'any',
  'server auth': 'serverAuth',
  'client auth': 'clientAuth',
  'code signing': 'codeSigning',
  'email protection': 'emailProtection',
  's/mime': 'emailProtection',
  'ipsec end system': 'ipsecEndSystem',
  'ipsec tunnel': 'ipsecTunnel',
  'ipsec user': 'ipsecUser',
  timestamping: 'timeStamping',
  'ocsp signing': 'ocspSigning',
  'microsoft sgc': 'microsoftSgc',
  'netscape sgc': 'netscapeSgc',
};

/** cfssl's own: a year for leaves, five for a CA, begun five minutes back. */
const LEAF_EXPIRY = '8760h';
const CA_EXPIRY = '43800h';
const BACKDATE_MS = 5 * 60_000;

/** A request (`cfssl print-defaults csr`); the reason names the key. */
export function readCfsslRequest(json: string): Result<CfsslRequest, string> {
  return decoded(json, RequestShape);
}

/**
 * One profile of a signing configuration (`cfssl print-defaults config`); undefined: its default.
 * Unlike cfssl an unknown name is refused instead of becoming the default.
 */
export function readCfsslProfile(
  json: string,
  name: string | undefined,
): Result<SigningProfile, string> {
  const config = decoded(json, ConfigShape);
  if (!config.ok) return config;
  const { default: standard, profiles } = config.value.signing;
  const names = Object.keys(profiles ?? {});
  const profile = name === undefined ? (standard ?? {}) : profiles?.[name.toLowerCase()];
  if (profile === undefined) {
    return err(`it has no profile ${name ?? ''}; it has ${names.join(', ') || 'none'}`);
  }
  const where = name === undefined ? 'signing.default' : `signing.profiles.${name}`;
  const odd = NOT_KNOWN.find((key) => key in profile);
  if (odd !== undefined) return err(`${where} has ${odd}, which peershift does not know`);
  return profileOf(profile, standard ?? undefined, where);
}

function profileOf(
  profile: Profile,
  standard: Profile | undefined,
  where: string,
): Result<SigningProfile, string> {
  // Without a default of the file's own cfssl has this one.
  const usages = profile.usages ?? (standard === undefined ? DEFAULT_USAGES : []);
  const lastsMs = goDurationMs(profile.expiry ?? standard?.expiry ?? LEAF_EXPIRY);
  if (lastsMs === undefined) return err(`${where}.expiry is not a duration like 8760h`);
  const backdateMs = goDurationMs(profile.backdate ?? '');
  if ((profile.backdate ?? '') !== '' && backdateMs === undefined) {
    return err(`${where}.backdate is not a duration like 5m`);
  }
  const odd = usages.find((usage) => !(usage in USAGES) && !(usage in EXTENDED_USAGES));
  if (odd !== undefined) return err(`${where}.usages has "${odd.slice(0, 40)}", which is no usage`);
  const keyUses = new Set(usages.flatMap((usage) => USAGES[usage] ?? []));
  const extendedUses = usages.flatMap((usage) => EXTENDED_USAGES[usage] ?? []);
  if (keyUses.size + extendedUses.length === 0) return err(`${where} has no usages`);
  const {
    is_ca: isCa,
    max_path_len: most,
    max_path_len_zero: isZero,
  } = profile.ca_constraint ?? {};
  return ok({
    keyUses: [...keyUses],
    extendedUses,
    lastsMs,
    backdateMs: backdateMs === undefined || backdateMs === 0 ? BACKDATE_MS : backdateMs,
    authority: isCa === true ? { maxCasBelow: pathLength(most, isZero) } : undefined,
  });
}

const DEFAULT_USAGES = ['signing', 'key encipherment', 'server auth', 'client auth'];

/** Without a configuration: cfssl's default for every leaf, with the uses of a profile of ours. */
export function profileWithoutConfig(
  extendedUses: readonly ExtendedUse[],
  lastsMs: number | undefined,
): SigningProfile {
  return {
    keyUses: ['digitalSignature', 'keyEncipherment'],
    extendedUses,
    lastsMs: lastsMs ?? goDurationMs(LEAF_EXPIRY) ?? 0,
    backdateMs: BACKDATE_MS,
    authority: undefined,
  };
}

/** `cfssl gencert`: hosts of the request, or those given instead. */
export function cfsslLeaf(
  request: CfsslRequest,
  profile: SigningProfile,
  hosts: readonly string[],
): Result<CertificateWish, string> {
  if (request.ca !== undefined && request.ca !== null) {
    return err('its "ca" part is for a CA (certs issue --ca)');
  }
  const key = keyOf(request);
  if (!key.ok) return key;
  const names = hostNames(hosts.length > 0 ? hosts : (request.hosts ?? []));
  return ok({
    subject: subjectOf(request),
    names: profile.authority === undefined ? names : { ...names, dnsNames: [], emailAddresses: [] },
    key: key.value,
    ...profile,
    constraints: undefined,
    isLikeCfssl: true,
  });
}

/** `cfssl gencert -initca`. */
export function cfsslAuthority(request: CfsslRequest): Result<CertificateWish, string> {
  const key = keyOf(request);
  if (!key.ok) return key;
  const lastsMs = goDurationMs(request.ca?.expiry ?? CA_EXPIRY);
  if (lastsMs === undefined) return err('ca.expiry is not a duration like 43800h');
  return ok({
    subject: subjectOf(request),
    names: {
      dnsNames: [],
      emailAddresses: [],
      ipAddresses: hostNames(request.hosts ?? []).ipAddresses,
    },
    key: key.value,
    lastsMs,
    backdateMs: BACKDATE_MS,
    keyUses: ['keyCertSign', 'cRLSign'],
    extendedUses: [],
    authority: { maxCasBelow: pathLength(request.ca?.pathlen, request.ca?.pathlenzero) },
    constraints: undefined,
    isLikeCfssl: true,
  });
}

/** Zero means no limit unless it is said twice. */
function pathLength(
  length: number | null | undefined,
  isZero: boolean | null | undefined,
): number | undefined {
  if (length !== undefined && length !== null && length !== 0) return length;
  return isZero === true ? 0 : undefined;
}

function subjectOf(request: CfsslRequest): SubjectWish {
  const subject: Partial<Record<SubjectPart, readonly string[]>> = {};
  for (const [key, part] of Object.entries(NAME_PARTS) as [
    keyof typeof NAME_PARTS,
    SubjectPart,
  ][]) {
    subject[part] = (request.names ?? []).flatMap((name) => name[key] ?? []).filter(isSaid);
  }
  subject.CN = [request.cn ?? ''].filter(isSaid);
  subject.serialNumber = [request.serialnumber ?? ''].filter(isSaid);
  return subject;
}

function isSaid(value: string): boolean {
  return value !== '';
}

const CURVES: Readonly<Record<number, 'P-256' | 'P-384' | 'P-521'>> = {
  256: 'P-256',
  384: 'P-384',
  521: 'P-521',
};

/** How large an RSA key may be is asked where keys are made. */
function keyOf({ key }: CfsslRequest): Result<KeyWish, string> {
  const { algo, size } = { algo: 'ecdsa', size: 256, ...key };
  if (algo === 'rsa') return ok({ kind: 'rsa', bits: size ?? 0 });
  if (algo !== 'ecdsa') return err(`key.algo is "${String(algo).slice(0, 20)}", not rsa or ecdsa`);
  const curve = CURVES[size ?? 0];
  if (curve !== undefined) return ok({ kind: 'ecdsa', curve });
  return err(`key.size is ${String(size)}; ecdsa has 256, 384 and 521`);
}

function decoded<T>(json: string, shape: z.ZodType<T>): Result<T, string> {
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch {
    // The parser's own words quote the text, which may be a key that was given by mistake.
    return err('it is not JSON');
  }
  const read = shape.safeParse(lowerCased(data));
  if (read.success) return ok(read.data);
  const [issue] = read.error.issues;
  const path = issue?.path.map(String).join('.') ?? '';
  return err(`${path === '' ? 'the whole' : path}: ${issue?.message ?? 'is not what cfssl takes'}`);
}

/** Go's decoder does not tell the cases of keys apart. */
function lowerCased(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(lowerCased);
  if (typeof data !== 'object' || data === null) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key.toLowerCase(), lowerCased(value)]),
  );
}
