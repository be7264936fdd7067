/** Turns what somebody wants in a certificate into the reason why it cannot stand there. */

import type { Failure } from '../../model/failure.ts';
import type { LeafRequest } from '../../ports.ts';
import { addressBytes } from './names.ts';

/** A hundred years; beyond it a typing mistake is likelier than a wish. */
const MAX_DAYS = 36_500;

/** Of one DNS name (RFC 1035); a common name gets the same, since no reader has a lower bound. */
const MAX_NAME_CHARACTERS = 253;

const DNS_LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

const CONTROL = /[\x00-\x1f\x7f-\x9f]/;

export function requestProblem(request: LeafRequest): string | undefined {
  const { dnsNames, ipAddresses } = request;
  if (request.isForClient !== true && dnsNames.length + ipAddresses.length === 0) {
    return 'no SAN was asked for, so that no member could dial it';
  }
  const name = dnsNames.map(hostNameProblem).find((problem) => problem !== undefined);
  if (name !== undefined) return name;
  const address = ipAddresses.find((one) => addressBytes(one) === undefined);
  if (address !== undefined) return `the SAN "${printable(address)}" is not an IP address`;
  return commonNameProblem(request.commonName) ?? daysProblem(request.days);
}

export function hostNameProblem(name: string): string | undefined {
  if (!isDnsName(name)) return `the SAN "${printable(name)}" is not a DNS name`;
  if (addressBytes(name) === undefined) return undefined;
  return `the SAN "${name}" is an IP address and was given as a DNS name`;
}

export function commonNameProblem(commonName: string): string | undefined {
  const problem = nameTextProblem(commonName);
  return problem === undefined ? undefined : `the common name ${problem}`;
}

/** What is wrong with one value of a subject: `is empty`. */
export function nameTextProblem(text: string, most = MAX_NAME_CHARACTERS): string | undefined {
  if (text.trim() === '') return 'is empty';
  if (CONTROL.test(text)) return 'has a control character in it';
  if (/\p{Surrogate}/u.test(text)) return 'is not well-formed text';
  if (text.length <= most) return undefined;
  return `has ${String(text.length)} characters, more than ${String(most)}`;
}

export function daysProblem(days: number): string | undefined {
  if (Number.isInteger(days) && days >= 1 && days <= MAX_DAYS) return undefined;
  return `${String(days)} days are not between 1 and ${String(MAX_DAYS)}`;
}

/** With `*.` in front at most, and no dot at the end: Go matches no SAN that has one. */
function isDnsName(text: string): boolean {
  const labels = text.replace(/^\*\./, '').split('.');
  return text.length <= MAX_NAME_CHARACTERS && labels.every((label) => DNS_LABEL.test(label));
}

/** PKI_FAILED with its five lines. */
export function pkiFailed(where: string, would: string, but: string, remedy: string): Failure {
  return { code: 'PKI_FAILED', where, would, but, so: 'no certificate was made', remedy };
}

/** Short, and without what could move a terminal's cursor. */
export function printable(text: string): string {
  return text.slice(0, 80).replace(new RegExp(CONTROL, 'g'), '?');
}
