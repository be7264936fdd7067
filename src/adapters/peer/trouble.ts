/** Turns how a conversation ended without an answer into one kind of trouble and its words; pure. */

import type { PeerTrouble } from '../../ports.ts';
import type { Conversation } from './conversation.ts';

type Trouble = Extract<Conversation['end'], { readonly kind: 'trouble' }>;

/** How much of an unknown text is shown. */
const SHOWN_CHARACTERS = 160;

/** Alerts that judge the dialer's certificate or the lack of one, by number (RFC 8446, section 6). */
const CLIENT_ALERTS: ReadonlyMap<number, string> = new Map([
  [40, 'handshake failure'],
  [42, 'bad certificate'],
  [43, 'unsupported certificate'],
  [44, 'certificate revoked'],
  [45, 'certificate expired'],
  [46, 'certificate unknown'],
  [48, 'unknown certificate authority'],
  [49, 'access denied'],
  [51, 'decrypt error'],
  [116, 'certificate required'],
]);

/** What OpenSSL, through Node, holds against the server's chain. */
const UNTRUSTED: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'CERT_REVOKED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
]);

const UNREACHABLE: ReadonlySet<string> = new Set([
  ...['ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EACCES', 'EPERM'],
]);

const NOT_TLS: ReadonlySet<string> = new Set([
  ...['ERR_SSL_WRONG_VERSION_NUMBER', 'ERR_SSL_PACKET_LENGTH_TOO_LONG', 'ERR_SSL_HTTP_REQUEST'],
]);

const CLOSED: ReadonlySet<string> = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'ERR_STREAM_PREMATURE_CLOSE',
]);

/** Why there is no answer; undefined when there is one. */
export function troubleIn(conversation: Conversation): PeerTrouble | undefined {
  const { end } = conversation;
  if (end.kind === 'answer') return undefined;
  if (end.kind === 'late')
    return { kind: 'timeout', because: lateText(conversation, end.deadlineMs) };
  return (
    socketTrouble(conversation, end) ?? tlsTrouble(end) ?? { kind: 'other', because: shown(end) }
  );
}

function lateText({ isConnected, session }: Conversation, deadlineMs: number): string {
  const within = `within ${String(deadlineMs)} ms`;
  if (!isConnected) return `no TCP connection came about ${within}`;
  return session === undefined
    ? `it accepted TCP and said nothing useful ${within}`
    : `no HTTP answer ${within}`;
}

function socketTrouble(
  { isConnected, hasSpoken, session }: Conversation,
  { code }: Trouble,
): PeerTrouble | undefined {
  if (!isConnected && code === 'ECONNREFUSED') {
    return {
      kind: 'connection-refused',
      because: 'the TCP connection is refused: nothing listens there',
    };
  }
  if (!isConnected && code === 'ETIMEDOUT') {
    return { kind: 'timeout', because: 'no TCP connection came about (ETIMEDOUT)' };
  }
  if (UNREACHABLE.has(code)) {
    return { kind: 'unreachable', because: `there is no way to it from this machine (${code})` };
  }
  if (!isConnected || !CLOSED.has(code)) return undefined;
  if (session !== undefined) {
    return {
      kind: 'closed',
      because: 'it closed the connection right after the TLS handshake, without a word',
    };
  }
  return hasSpoken
    ? { kind: 'closed', because: 'it closed the connection in the TLS handshake, without an alert' }
    : { kind: 'closed', because: 'it closed the connection without sending a byte' };
}

function tlsTrouble(end: Trouble): PeerTrouble | undefined {
  const { code, text } = end;
  const alert = Number(/SSL alert number (\d+)/.exec(text)?.[1]);
  const name = CLIENT_ALERTS.get(alert);
  if (name !== undefined) {
    return {
      kind: 'client-rejected',
      because: `it answered with the TLS alert "${name}" (${String(alert)})`,
    };
  }
  if (NOT_TLS.has(code)) {
    return {
      kind: 'spoke-http',
      because: 'it answered the TLS handshake with something else than TLS, as plain http does',
    };
  }
  if (code === 'CERT_HAS_EXPIRED')
    return { kind: 'expired', because: 'its certificate, or its CA, has expired' };
  if (code === 'CERT_NOT_YET_VALID') {
    return {
      kind: 'expired',
      because: 'its certificate, or its CA, is not valid yet by the clock of this machine',
    };
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      kind: 'name-not-covered',
      because: `its certificate does not cover the name: ${altnames(end)}`,
    };
  }
  if (UNTRUSTED.has(code)) {
    return { kind: 'not-trusted', because: `its certificate is not verified by the CA (${code})` };
  }
  if (code.startsWith('HPE_')) {
    return { kind: 'not-etcd', because: 'it answered with something else than HTTP' };
  }
  return undefined;
}

function altnames(end: Trouble): string {
  return /altnames: (.*)$/.exec(end.text)?.[1] ?? shown(end);
}

function shown({ code, text }: Trouble): string {
  const line = text.replace(/\s+/g, ' ').trim().slice(0, SHOWN_CHARACTERS);
  return code === '' || line.includes(code) ? line : `${line} (${code})`;
}
