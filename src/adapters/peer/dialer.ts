/** Turns a peer URL and a member's TLS files into proof of a mutual TLS link, or of a refusal. */

import { createSecureContext } from 'node:tls';
import { type Result, err, ok } from '../../base/result.ts';
import { isHttps } from '../../model/url.ts';
import type {
  PeerAnswer,
  PeerDialer,
  PeerFiles,
  PeerPage,
  PeerPath,
  PeerRefusal,
  PeerTarget,
  PeerTrouble,
} from '../../ports.ts';
import {
  type Conversation,
  type Dialing,
  type OpenSocket,
  converse,
  openHere,
} from './conversation.ts';
import { troubleIn } from './trouble.ts';

/** etcd answers in milliseconds; its own dials give up after 2 s, and some lines are far and busy. */
const DIAL_DEADLINE_MS = 5000;

/** How much of a strange answer is shown. */
const SHOWN_CHARACTERS = 80;

/** First byte of a TLS record that holds an alert. */
const TLS_ALERT = 0x15;

/** What TLS servers say in the clear to plain http: Go's net/http, and nginx. */
const WANTS_TLS = /HTTP request to an HTTPS server|plain HTTP request was sent to HTTPS port/;

/** Each dial is one connection that ends within `deadlineMs`, from this machine unless `open` says otherwise. */
export function makePeerDialer(
  deadlineMs: number = DIAL_DEADLINE_MS,
  open: OpenSocket = openHere,
): PeerDialer {
  const dialing = { deadlineMs, open };
  return {
    get: (target, files, path) => get(target, files, path, dialing),
    dial: (target, files) => dial(target, files, dialing),
    dialWithoutLeaf: (target, authorities) => dialWithoutLeaf(target, authorities, dialing),
    dialPlain: (target) => dialPlain(target, dialing),
  };
}

async function get(
  target: PeerTarget,
  files: PeerFiles | undefined,
  path: PeerPath,
  dialing: Dialing,
): Promise<Result<PeerPage, PeerTrouble>> {
  const isTls = isHttps(target.url);
  if (isTls && files === undefined) {
    return err({ kind: 'unusable-files', because: 'there are no files to dial https with' });
  }
  const problem = isTls && files !== undefined ? fileProblem(files) : undefined;
  if (problem !== undefined) return err({ kind: 'unusable-files', because: problem });
  const conversation = await converse(target, isTls ? files : undefined, dialing, path);
  const { end } = conversation;
  if (end.kind !== 'answer') return err(withLikelyCause(conversation));
  if (!isTls && WANTS_TLS.test(end.body)) {
    return err({ kind: 'other', because: 'it answered that this port speaks TLS' });
  }
  const { statusCode, body, clusterId } = end;
  return ok({ statusCode, body, clusterId });
}

async function dial(
  target: PeerTarget,
  files: PeerFiles,
  dialing: Dialing,
): Promise<Result<PeerAnswer, PeerTrouble>> {
  const problem = fileProblem(files);
  if (problem !== undefined) return err({ kind: 'unusable-files', because: problem });
  const conversation = await converse(target, files, dialing);
  const { end, session } = conversation;
  if (end.kind !== 'answer' || session === undefined) return err(withLikelyCause(conversation));
  const version = versionOf(end.body);
  if (end.statusCode === 200 && version !== undefined) return ok({ ...session, version });
  return err({ kind: 'not-etcd', because: `GET /version: ${strangeText(end)}` });
}

/** etcd looks at the names of a client's leaf after the handshake, and then only closes (checkCertSAN). */
function withLikelyCause(conversation: Conversation): PeerTrouble {
  const trouble = troubleIn(conversation) ?? {
    kind: 'other',
    because: 'no TLS session came about',
  };
  if (trouble.kind !== 'closed' || conversation.session === undefined) return trouble;
  const cause =
    'etcd does so when the names of the client certificate do not cover the address that the dial comes from';
  return { kind: 'client-rejected', because: `${trouble.because}; ${cause}` };
}

/**
 * In TLS 1.3 the refusal comes when this side's handshake is done, so its end shows nothing: only what
 * follows the request does. A server that this side could not verify was not asked.
 */
async function dialWithoutLeaf(
  target: PeerTarget,
  authorities: string,
  dialing: Dialing,
): Promise<PeerRefusal> {
  if (!isCertificateText(authorities)) return unknown('there is no CA to verify the server with');
  const conversation = await converse(target, { ca: authorities }, dialing);
  const { end, session, hasSpoken } = conversation;
  if (end.kind === 'answer') {
    return accepted(
      `${session?.protocol ?? 'TLS'} without a client certificate: ${answerText(end)}`,
    );
  }
  const trouble = troubleIn(conversation);
  if (trouble === undefined) return unknown('no answer');
  if (trouble.kind === 'client-rejected') return refused(trouble.because);
  if (trouble.kind === 'closed') {
    return hasSpoken ? refused(trouble.because) : unknown(trouble.because);
  }
  if (trouble.kind === 'spoke-http')
    return accepted(`${trouble.because}: it asks nobody for a certificate`);
  return unknown(trouble.because);
}

async function dialPlain(target: PeerTarget, dialing: Dialing): Promise<PeerRefusal> {
  const conversation = await converse(target, undefined, dialing);
  const { end } = conversation;
  if (end.kind === 'answer') {
    if (WANTS_TLS.test(end.body)) return refused('it answered that this port speaks TLS');
    const text = answerText(end);
    return versionOf(end.body) === undefined
      ? unknown(`plain http was answered, and not as etcd does: ${text}`)
      : accepted(`plain http: ${text}`);
  }
  if (end.kind === 'trouble' && end.raw[0] === TLS_ALERT) {
    return refused('it answered plain http with a TLS alert');
  }
  const trouble = troubleIn(conversation);
  if (trouble?.kind === 'closed') return refused('it closed the connection without an answer');
  return unknown(trouble?.because ?? 'no answer');
}

type HttpAnswer = Extract<Conversation['end'], { readonly kind: 'answer' }>;

function answerText(end: HttpAnswer): string {
  const version = versionOf(end.body);
  return version === undefined ? strangeText(end) : `it answered GET /version as etcd ${version}`;
}

function strangeText({ statusCode, body }: HttpAnswer): string {
  const shown = body.replace(/[^\x20-\x7e]+/g, ' ').slice(0, SHOWN_CHARACTERS);
  return `it answered HTTP ${String(statusCode)} "${shown.trim()}"`;
}

/** `{"etcdserver":"3.4.23","etcdcluster":"3.4.0"}`; undefined when it is not etcd's answer. */
function versionOf(body: string): string | undefined {
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== 'object' || parsed === null || !('etcdserver' in parsed))
      return undefined;
    return typeof parsed.etcdserver === 'string' ? parsed.etcdserver : undefined;
  } catch {
    return undefined;
  }
}

/** OpenSSL's own words are not shown: which file is at fault is what helps. */
function fileProblem({ ca, cert, key }: PeerFiles): string | undefined {
  if (!isCertificateText(ca)) return 'the CA file holds no certificate';
  if (!isCertificateText(cert)) return 'the leaf file holds no certificate';
  try {
    createSecureContext({ ca, cert, key });
    return undefined;
  } catch {
    return 'OpenSSL cannot use leaf and key: one of them is broken, or they do not belong together';
  }
}

/** An empty CA would mean the system's own to Node. */
function isCertificateText(text: string): boolean {
  return text.includes('-----BEGIN CERTIFICATE-----');
}

function accepted(because: string): PeerRefusal {
  return { result: 'accepted', because };
}

function refused(because: string): PeerRefusal {
  return { result: 'refused', because };
}

function unknown(because: string): PeerRefusal {
  return { result: 'unknown', because };
}
