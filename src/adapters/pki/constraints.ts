/** Turns a CA's name constraints and a leaf's SANs into the reason why it may not vouch for it. */

import { type Der, contentOf, isContext, partsOf, readDer, tagNumber } from './der.ts';
import { EXTENSION, type Parsed } from './inspect.ts';
import { NAME_KIND, addressBytes, addressText } from './names.ts';

interface Subtrees {
  readonly permitted: readonly Der[];
  readonly excluded: readonly Der[];
}

/** RFC 5280 4.2.1.10 as Go 1.10 and later do it (x509/verify.go checkNameConstraints). */
export function constraintProblem(ca: Parsed, leaf: Parsed): string | undefined {
  const extension = ca.extensions.get(EXTENSION.nameConstraints);
  if (extension === undefined) return undefined;
  const parts = partsOf(readDer(Buffer.from(extension.value, 'latin1')));
  const bases = (number: number): readonly Der[] =>
    parts.filter((part) => isContext(part, number)).flatMap((part) => basesOf(part));
  const subtrees = { permitted: bases(0), excluded: bases(1) };
  const { certificate, names } = leaf;
  const other = [...subtrees.permitted, ...subtrees.excluded].map((base) => tagNumber(base));
  for (const kind of other.filter((one) => one !== NAME_KIND.dns && one !== NAME_KIND.ip)) {
    const isKnown = kind === NAME_KIND.email || kind === NAME_KIND.uri;
    // Go refuses critical kinds it does not know; mail and URI names we do not judge but refuse.
    if (isKnown ? names.kinds.includes(kind) : extension.isCritical) {
      return 'its CA limits names of a kind that cannot be judged here';
    }
  }
  const refused = [
    ...certificate.dnsNames.filter((name) => isRefused(subtrees, NAME_KIND.dns, name, coversDns)),
    ...certificate.ipAddresses.filter((ip) => isRefused(subtrees, NAME_KIND.ip, ip, coversAddress)),
  ];
  return refused.length === 0
    ? undefined
    : `the name constraints of its CA do not allow ${refused.join(', ')}`;
}

function basesOf(subtrees: Der): readonly Der[] {
  return partsOf(subtrees).flatMap((subtree) => partsOf(subtree).slice(0, 1));
}

type Covers = (constraint: string, name: string) => boolean;

function isRefused(subtrees: Subtrees, kind: number, name: string, covers: Covers): boolean {
  const ofKind = (bases: readonly Der[]): readonly string[] =>
    bases.filter((base) => isContext(base, kind)).map((base) => contentOf(base));
  const permitted = ofKind(subtrees.permitted);
  const excluded = ofKind(subtrees.excluded);
  const isPermitted = permitted.length === 0 || permitted.some((base) => covers(base, name));
  return !isPermitted || excluded.some((base) => covers(base, name));
}

/** `example.com` covers itself and all below; `.example.com` only what is below; empty: all. */
function coversDns(constraint: string, name: string): boolean {
  const base = constraint.toLowerCase();
  const wanted = name.toLowerCase();
  if (base === '') return true;
  if (base.startsWith('.')) return wanted.endsWith(base);
  return wanted === base || wanted.endsWith(`.${base}`);
}

/** An address and a mask of the same length, one behind the other. */
function coversAddress(constraint: string, address: string): boolean {
  const bytes = Buffer.from(constraint, 'latin1');
  const half = bytes.length / 2;
  const wanted = addressBytes(address);
  if (wanted?.length !== half || addressText(constraint.slice(0, half)) === undefined) return false;
  return wanted.every((byte, index) => {
    const mask = bytes[half + index] ?? 0;
    return (byte & mask) === ((bytes[index] ?? 0) & mask);
  });
}
