/** Turns a list of hosts into the kinds of names that a certificate keeps apart, as cfssl does. */

import { normalAddress } from '../model/certificate.ts';
import type { HostNames } from '../model/certificate-wish.ts';
import { isIpAddress } from '../model/url.ts';

const MAIL = /^[^\s@]+@[^\s@]+$/;

export function hostNames(hosts: readonly string[]): HostNames {
  const isMail = (host: string): boolean => !isIpAddress(host) && MAIL.test(host);
  return {
    ipAddresses: hosts.filter(isIpAddress).map(normalAddress),
    emailAddresses: hosts.filter(isMail),
    dnsNames: hosts.filter((host) => !isIpAddress(host) && !isMail(host)),
  };
}
