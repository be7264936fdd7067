/** Turns the words of sockets, OpenSSL and grpc-js about a connection into one reason and one next action. */

import type { Endpoint } from './endpoint.ts';
import type { Reason } from './trouble.ts';

interface Signature {
  readonly matches: RegExp;
  readonly reason: (endpoint: Endpoint, found: RegExpExecArray) => Reason;
}

const CHECK_MEMBER = 'see whether the member runs and listens on this client URL, then try again';
const CHECK_NAME = 'correct the host in the client URL, or the name service of this machine';
const CHECK_ROUTE = 'see the route and the firewall between this machine and the member';
const CHECK_CA = 'give the CA that signed the client-side certificates of etcd as cluster.tls.ca';
const CHECK_SAN =
  'use a name that the certificate covers, or give the member a fitting certificate';
const CHECK_DATES = 'renew that certificate, and compare the clocks of both machines';
const CHECK_LEAF =
  'give cluster.tls.cert and cluster.tls.key, signed by the CA that etcd trusts for clients';
const CHECK_SCHEME = 'correct the scheme of the client URL, http or https';

/**
 * The first that matches tells most: each text was seen from Node 20 with etcd 3.4, or stands in OpenSSL's
 * table of alerts. A wrong CA and an unknown intermediate look alike.
 */
const SIGNATURES: readonly Signature[] = [
  {
    matches: /ECONNREFUSED/,
    reason: ({ host, port }) => ({
      words: `the connection is refused: nothing listens on ${host} port ${String(port)}`,
      remedy: CHECK_MEMBER,
    }),
  },
  {
    matches: /ENOTFOUND|EAI_AGAIN|Name resolution failed/,
    reason: ({ host }) => ({
      words: `the host name ${host} cannot be resolved here`,
      remedy: CHECK_NAME,
    }),
  },
  {
    matches: /EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL|ETIMEDOUT/,
    reason: ({ host }, [code]) => ({
      words: `there is no way to ${host} from here (${code})`,
      remedy: CHECK_ROUTE,
    }),
  },
  {
    matches: /does not match certificate's altnames: ([^\n]*?)(?:\. Resolution note|\s\(\d{4}-|$)/,
    reason: ({ host }, [, detail = '']) => ({
      words: `its certificate does not cover ${host}: ${detail}`,
      remedy: CHECK_SAN,
    }),
  },
  {
    matches: /certificate has expired|CERT_HAS_EXPIRED/,
    reason: () => ({ words: 'its certificate has expired', remedy: CHECK_DATES }),
  },
  {
    matches: /certificate is not yet valid|CERT_NOT_YET_VALID/,
    reason: () => ({ words: 'its certificate is not valid yet', remedy: CHECK_DATES }),
  },
  {
    matches: /unable to (verify the first|get (local )?issuer)|self.signed certificate/,
    reason: () => ({ words: 'its certificate is not signed by the given CA', remedy: CHECK_CA }),
  },
  {
    matches: /alert number (42|46|48|116|40)\b|alert (bad certificate|certificate required)/,
    reason: (_endpoint, [alert]) => ({
      words: `it does not accept our client certificate, or wants one and got none (${alert})`,
      remedy: CHECK_LEAF,
    }),
  },
  {
    matches: /alert number 45\b/,
    reason: () => ({
      words: 'it says that our client certificate has expired',
      remedy: CHECK_DATES,
    }),
  },
  {
    matches:
      /disconnected before secure TLS connection|wrong version number|packet length too long/,
    reason: () => ({
      words: 'it broke off the TLS handshake: this port most likely speaks plain http',
      remedy: CHECK_SCHEME,
    }),
  },
  {
    matches: /HTTP request to an HTTPS server/,
    reason: () => ({ words: 'this port speaks TLS, and the URL says http', remedy: CHECK_SCHEME }),
  },
  {
    matches:
      /Last error: null|Failed to connect|socket hang up|ECONNRESET|EPIPE|Connection dropped/,
    reason: ({ isTls }) => ({
      words:
        'the connection was closed without an answer: the member went down, ' +
        `or speaks ${isTls ? 'plain http' : 'TLS'} here`,
      remedy: `${CHECK_MEMBER}; see that its client URL has this scheme`,
    }),
  },
];

/** How much of an unknown text is shown. */
const SHOWN_CHARACTERS = 200;

/** The text itself, in one line, where nothing is known about it. */
export function connectionReason(text: string, endpoint: Endpoint): Reason {
  for (const { matches, reason } of SIGNATURES) {
    const found = matches.exec(text);
    if (found !== null) return reason(endpoint, found);
  }
  const line = text.replace(/\s+/g, ' ').trim().slice(0, SHOWN_CHARACTERS);
  return { words: `the connection failed: ${line}`, remedy: CHECK_MEMBER };
}
