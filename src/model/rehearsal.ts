/** Turns what both ends of a throw-away handshake said into whether etcd's own dial between them would work. */

import { type Leaf, normalAddress, sanText } from './certificate.ts';
import { type CheckItem, type Objection, itemsOf, objection } from './check.ts';

export interface RehearsedPair {
  readonly from: string;
  readonly to: string;
  readonly answer: PairAnswer;
}

export type PairAnswer =
  | { readonly kind: 'ok'; readonly source: string | undefined }
  | { readonly kind: 'no'; readonly reason: PairReason; readonly because: string }
  /** It could not be tried, or it failed for something that the real dial does not meet. */
  | { readonly kind: 'unknown'; readonly because: string };

export type PairReason =
  | 'no-route'
  | 'no-trust'
  | 'server-name'
  | 'server-usage'
  | 'client-untrusted'
  | 'client-usage'
  | 'client-source'
  | 'expired'
  | 'handshake';

export interface Rehearsal {
  readonly pairs: readonly RehearsedPair[];
  /** Members whose leaf is still to be issued: a throw-away leaf with the same names stood in for it. */
  readonly standIns: readonly string[];
}

/** What the two scripts brought back of one pair. */
export interface Handshake {
  readonly url: string;
  readonly from: string;
  readonly to: string;
  /** The dialer's whole output, and the listener's. */
  readonly client: string;
  readonly server: string;
  /** Did the listener read what the dialer sent, and the dialer what the listener answered? */
  readonly isAcknowledged: boolean;
  /** Remote address of the connection, as the listener's kernel has it. */
  readonly source: string | undefined;
  /** The port is one that the rollout will use, not one of the rehearsal alone. */
  readonly isRealPort: boolean;
  /** Of the dialer. */
  readonly leaf: Leaf | undefined;
  /** Names of the dialer's leaf, of those that lead to the source address on the listener's host. */
  readonly resolved: readonly string[];
  readonly skipsClientSan: boolean;
}

/** Chain, dates, key usage and names by OpenSSL at both ends; the source address by etcd's checkCertSAN. */
export function judgeHandshake(seen: Handshake): PairAnswer {
  if (!seen.isAcknowledged) return failedAnswer(seen);
  const { leaf, source, from, to } = seen;
  if (leaf === undefined || seen.skipsClientSan) return { kind: 'ok', source };
  if (leaf.ipAddresses.length === 0 && leaf.dnsNames.length === 0) return { kind: 'ok', source };
  if (source === undefined) {
    const because = `${to} did not see from which address ${from} came`;
    return { kind: 'unknown', because };
  }
  if (leaf.ipAddresses.includes(normalAddress(source)) || seen.resolved.length > 0) {
    return { kind: 'ok', source };
  }
  const because = `${from} came from ${source}, and its leaf is valid for ${sanText(leaf)}: etcd closes such a connection`;
  return { kind: 'no', reason: 'client-source', because };
}

/** What OpenSSL says, and whose leaf it is said of. */
const SERVER_FAULTS: readonly (readonly [RegExp, PairReason, string])[] = [
  [
    /num=6[24]:|(?:hostname|IP address) mismatch/,
    'server-name',
    'does not name the host that is dialled',
  ],
  [/num=(?:10|9):|certificate has expired|not yet valid/, 'expired', 'is not valid now'],
  [
    /num=26:|unsuitable certificate purpose|unsupported certificate purpose/,
    'server-usage',
    'lacks serverAuth',
  ],
  [
    /num=(?:18|19|20|21|2|7):|unable to get (?:local )?issuer/,
    'no-trust',
    'is not of the CA that will be trusted',
  ],
];

const CLIENT_FAULTS: readonly (readonly [RegExp, PairReason, string])[] = [
  [/num=(?:10|9):|certificate has expired|not yet valid/, 'expired', 'is not valid now'],
  [
    /num=26:|unsuitable certificate purpose|unsupported certificate purpose/,
    'client-usage',
    'lacks clientAuth',
  ],
  [
    /num=(?:18|19|20|21|2|7):|unable to get (?:local )?issuer/,
    'client-untrusted',
    'is not of the CA that will be trusted',
  ],
];

function failedAnswer({ client, server, url, from, to, isRealPort }: Handshake): PairAnswer {
  const isUnreached =
    /connect:errno|Connection (?:refused|timed out)|No route to host|Network is unreachable/i.test(
      client,
    );
  if (
    isUnreached ||
    client.trim() === '' ||
    /Name or service not known|getaddrinfo|Temporary failure/.test(client)
  ) {
    const because = `${from} did not reach ${url}: ${lastLine(client) || 'no answer in time'}`;
    if (isRealPort || /getaddrinfo|Name or service|Temporary failure/.test(client))
      return { kind: 'no', reason: 'no-route', because };
    return {
      kind: 'unknown',
      because: `${because} (a port of the rehearsal alone; a firewall may open the peer port only: --rehearse-port)`,
    };
  }
  const ofServer = SERVER_FAULTS.find(([pattern]) => pattern.test(client));
  if (ofServer !== undefined)
    return {
      kind: 'no',
      reason: ofServer[1],
      because: `${to}'s leaf ${ofServer[2]} (${faultLine(client)})`,
    };
  const ofClient = CLIENT_FAULTS.find(([pattern]) => pattern.test(server));
  if (ofClient !== undefined)
    return {
      kind: 'no',
      reason: ofClient[1],
      because: `${from}'s leaf ${ofClient[2]} (${faultLine(server)})`,
    };
  const because = `no handshake: ${lastLine(client) || lastLine(server) || 'no answer in time'}`;
  return { kind: 'no', reason: 'handshake', because };
}

function faultLine(text: string): string {
  const line = text.split('\n').find((each) => each.includes('verify error')) ?? lastLine(text);
  return line.trim().slice(0, MOST_CHARACTERS);
}

const MOST_CHARACTERS = 160;

function lastLine(text: string): string {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  return (lines.find((line) => /error|errno|alert/i.test(line)) ?? lines.at(-1) ?? '').slice(
    0,
    MOST_CHARACTERS,
  );
}

/** `client-source` in the cell of a broken pair: as the dial matrix has it. */
export function rehearsalCells({ pairs }: Rehearsal): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map(({ from, to, answer }) => [
      `${from}>${to}`,
      answer.kind === 'no' ? answer.reason : answer.kind,
    ]),
  );
}

export function rehearsalItems(rehearsal: Rehearsal): readonly CheckItem[] {
  const { pairs, standIns } = rehearsal;
  const good = pairs.filter(({ answer }) => answer.kind === 'ok').length;
  const stood =
    standIns.length === 0
      ? ''
      : `, with throw-away leaves of a throw-away CA for ${standIns.join(', ')}, with the names that will be issued`;
  const counted = `${String(good)} of ${String(pairs.length)} ordered pairs shook hands with mutual TLS from their real source addresses${stood}`;
  const broken = pairs.flatMap(({ from, to, answer }) => {
    return answer.kind === 'ok' ? [] : [[`${from} → ${to}`, [objectionOf(answer)]] as const];
  });
  const objections = new Map<string, readonly Objection[]>([
    ...(good === 0 ? [] : [['', []] as const]),
    ...broken,
  ]);
  return itemsOf('rehearsal', objections, counted);
}

function objectionOf(answer: Exclude<PairAnswer, { kind: 'ok' }>): Objection {
  if (answer.kind === 'unknown') {
    return objection(
      'warn',
      answer.because,
      'make it possible and rehearse again, or know that this pair is unproven',
    );
  }
  return objection('fail', answer.because, REMEDY[answer.reason]);
}

const REMEDY: Readonly<Record<PairReason, string>> = {
  'no-route': 'open that port between the two hosts, or correct the name in the peer URL',
  'no-trust': 'put the CA of that leaf into the CA file that is installed',
  'server-name': 'issue that leaf again with the host of its peer URL',
  'server-usage': 'issue that leaf again with serverAuth and clientAuth',
  'client-untrusted': 'put the CA of that leaf into the CA file that is installed',
  'client-usage': 'issue that leaf again with serverAuth and clientAuth',
  'client-source':
    'issue that leaf again with that address, or correct the route (or NAT) between the hosts',
  expired: 'issue that leaf again, and see the clocks of both hosts',
  handshake: 'try it by hand: openssl s_client from the one host to openssl s_server on the other',
};
