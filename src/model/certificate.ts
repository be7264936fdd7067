/** What is known of a certificate, a key or a file that holds them; read at the rim, judged in the model. */

/** SHA-256 of a CA certificate's DER, in hex. */
export type CaId = string;

export interface Certificate {
  /** SHA-256 of the DER, in hex; `planned:<member>` for a leaf that is still to be issued. */
  readonly fingerprint: string;
  readonly subject: string;
  readonly issuer: string;
  readonly commonName: string | undefined;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly dnsNames: readonly string[];
  /** IPv4 dotted; IPv6 in the compressed lower-case form. */
  readonly ipAddresses: readonly string[];
  readonly isCa: boolean;
  /** Extended key usage; a certificate without the extension allows both. */
  readonly serverAuth: boolean;
  readonly clientAuth: boolean;
  /** SHA-256 of the subject public key info, in hex: equal for a certificate and its key. */
  readonly keyId: string;
  /** For people: `ECDSA P-256`, `RSA 2048`. */
  readonly keyKind: string;
}

/** A leaf as it stands in a file, with the trust anchors (of all that were seen) that verify its chain. */
export interface Leaf extends Certificate {
  readonly trustedBy: readonly CaId[];
  /** Why none of them does, when none does and there was one to ask. */
  readonly distrust?: string;
  /** When an intermediate of its file ends sooner than itself. */
  readonly chainEndsMs?: number;
}

/** What one file on a host holds, as etcd would read it. */
export type FileContent =
  | { readonly kind: 'leaf'; readonly leaf: Leaf }
  | { readonly kind: 'key'; readonly keyId: string }
  | { readonly kind: 'pool'; readonly authorities: readonly Certificate[] }
  | { readonly kind: 'absent' }
  /** It is there and etcd could not use it: not PEM, encrypted, not readable by the service's user. */
  | { readonly kind: 'unusable'; readonly reason: string };

export interface FileFact {
  readonly path: string;
  /** SHA-256 of the bytes; undefined when absent or unreadable to us. */
  readonly digest: string | undefined;
  readonly modifiedAtMs: number | undefined;
  /** Permission bits, where the file could be looked at. */
  readonly mode?: number;
  readonly content: FileContent;
}

/** Do the SANs of a leaf name this host (an IP address or a DNS name, wildcards by one label)? RFC 6125, Go x509.VerifyHostname. */
export function namesHost(leaf: Certificate, host: string): boolean {
  const wanted = host.toLowerCase().replace(/\.$/, '');
  if (leaf.ipAddresses.includes(normalAddress(wanted))) return true;
  return leaf.dnsNames.some((name) => {
    const pattern = name.toLowerCase().replace(/\.$/, '');
    if (!pattern.startsWith('*.')) return pattern === wanted;
    const dot = wanted.indexOf('.');
    return dot > 0 && wanted.slice(dot) === pattern.slice(1);
  });
}

/** `127.0.0.11, m1.example`: the names a leaf is valid for, as Go's errors list them. */
export function sanText(leaf: Certificate): string {
  const names = [...leaf.ipAddresses, ...leaf.dnsNames];
  return names.length === 0 ? 'no name at all' : names.join(', ');
}

/** IPv6 in the compressed form that both Node and Go print; IPv4 as it is; IPv4-mapped IPv6 as IPv4. */
export function normalAddress(text: string): string {
  if (!text.includes(':')) return text;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text);
  if (mapped?.[1] !== undefined) return mapped[1];
  const [head = '', tail] = text.toLowerCase().split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const left = groups(head);
  const right = tail === undefined ? [] : groups(tail);
  const fill = tail === undefined ? 0 : 8 - left.length - right.length;
  const zeros = Array.from({ length: Math.max(0, fill) }, () => '0');
  const all = [...left, ...zeros, ...right].map((group) => group.replace(/^0+(?=.)/, ''));
  const runs = [...all.join(':').matchAll(/(?:^|:)0(?::0)+(?=:|$)/g)].map((match) => match[0]);
  const longest = runs.sort((a, b) => b.length - a.length)[0];
  if (longest === undefined) return all.join(':');
  return all.join(':').replace(longest, '::').replace(/:{3,}/, '::');
}
