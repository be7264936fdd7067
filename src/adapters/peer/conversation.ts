/** Turns a host, a port and perhaps TLS files into what came back to GET /version there, and how far it got. */

import { once } from 'node:events';
import { type IncomingMessage, request as httpRequest } from 'node:http';
import { Socket, connect } from 'node:net';
import {
  type PeerCertificate,
  type TLSSocket,
  checkServerIdentity,
  connect as tlsConnect,
} from 'node:tls';
import { sha256 } from '../../base/digest.ts';
import { isIpAddress, urlParts } from '../../model/url.ts';
import type { PeerFiles, PeerPath, PeerTarget } from '../../ports.ts';

/** A member list of nine is under 4 KiB; of a longer answer the beginning is enough to tell that it is not etcd's. */
const BODY_MAX_BYTES = 64 * 1024;

/** Without cert and key no client certificate is shown. */
export type TlsTexts = Pick<PeerFiles, 'ca'> & Partial<PeerFiles>;

export interface TlsSession {
  readonly protocol: string;
  readonly cipher: string;
  readonly fingerprint: string;
}

export interface Conversation {
  readonly end:
    | {
        readonly kind: 'answer';
        readonly statusCode: number;
        readonly body: string;
        readonly clusterId: string | undefined;
      }
    | {
        readonly kind: 'trouble';
        readonly code: string;
        readonly text: string;
        readonly raw: Buffer;
      }
    | { readonly kind: 'late'; readonly deadlineMs: number };
  readonly isConnected: boolean;
  /** Did the other side send a single byte? */
  readonly hasSpoken: boolean;
  /** There once the handshake is done on this side and the server's certificate was found good. */
  readonly session: TlsSession | undefined;
}

/** A connected socket, or the error that stood against it. */
export type OpenSocket = (
  host: string,
  port: number,
  signal: AbortSignal,
) => Promise<Socket | Error>;

export interface Dialing {
  readonly deadlineMs: number;
  readonly open: OpenSocket;
}

/** From this machine. */
export async function openHere(
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Socket | Error> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.destroy();
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** One connection, closed at the end; never rejects for what the other side does. */
export async function converse(
  target: PeerTarget,
  tls: TlsTexts | undefined,
  { deadlineMs, open }: Dialing,
  path: PeerPath = '/version',
): Promise<Conversation> {
  const { host, port } = urlParts(target.url);
  const signal = AbortSignal.timeout(deadlineMs);
  const socket = await open(host, port, signal);
  if (!(socket instanceof Socket)) {
    const end = signal.aborted ? lateBy(deadlineMs) : troubleOf(socket);
    return { end, isConnected: false, hasSpoken: false, session: undefined };
  }
  const line = new Line(socket);
  try {
    line.isConnected = true;
    const spoken = tls === undefined ? socket : line.secure(target, tls);
    if (tls !== undefined) await line.handshake(signal);
    return line.told(await ask(spoken, target, path, signal));
  } catch (error) {
    if (signal.aborted) return line.told(lateBy(deadlineMs));
    // What the socket said first tells more than what a request on a dead socket says.
    return line.told(troubleOf(line.firstError ?? error));
  } finally {
    line.destroy();
  }
}

function lateBy(deadlineMs: number): Conversation['end'] {
  return { kind: 'late', deadlineMs };
}

/** A connection and what has been seen of it so far. */
class Line {
  isConnected = false;
  firstError: Error | undefined;
  readonly #socket: Socket;
  #secured: TLSSocket | undefined;
  #session: TlsSession | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    this.#note(socket);
  }

  /** Verification is on, whatever the environment says. */
  secure(target: PeerTarget, { ca, cert, key }: TlsTexts): TLSSocket {
    const name = target.coveredName ?? urlParts(target.url).host;
    this.#secured = tlsConnect({
      socket: this.#socket,
      ca,
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      // Go takes each certificate of its pool for an anchor, self-signed or not.
      allowPartialTrustChain: true,
      rejectUnauthorized: true,
      checkServerIdentity: (_host: string, shown: PeerCertificate) =>
        checkServerIdentity(name, shown),
      ...(isIpAddress(name) ? {} : { servername: name }),
    });
    this.#note(this.#secured);
    return this.#secured;
  }

  async handshake(signal: AbortSignal): Promise<void> {
    const secured = this.#secured;
    if (secured === undefined) return;
    await once(secured, 'secureConnect', { signal });
    const leaf = secured.getPeerX509Certificate();
    this.#session = {
      protocol: secured.getProtocol() ?? 'TLS',
      cipher: secured.getCipher().name,
      fingerprint: leaf === undefined ? '' : sha256(leaf.raw),
    };
  }

  told(end: Conversation['end']): Conversation {
    const { isConnected } = this;
    return { end, isConnected, hasSpoken: this.#socket.bytesRead > 0, session: this.#session };
  }

  destroy(): void {
    this.#secured?.destroy();
    this.#socket.destroy();
  }

  #note(socket: Socket): void {
    socket.on('error', (error) => {
      this.firstError ??= error;
    });
  }
}

async function ask(
  socket: Socket,
  target: PeerTarget,
  path: PeerPath,
  signal: AbortSignal,
): Promise<Conversation['end']> {
  const { host, port } = urlParts(target.url);
  const createConnection = (): Socket => socket;
  const headers = { connection: 'close' };
  const sent = httpRequest({ createConnection, host, port, path, headers, signal });
  // Told again to whoever still listens when the connection is closed in the end.
  sent.on('error', () => undefined);
  sent.end();
  const [response] = (await once(sent, 'response', { signal })) as [IncomingMessage];
  const body = await bodyOf(response);
  const header = response.headers['x-etcd-cluster-id'];
  const clusterId = typeof header === 'string' ? header : undefined;
  return { kind: 'answer', statusCode: response.statusCode ?? 0, body, clusterId };
}

/** What came of it: an answer has begun, so an end in its middle does not undo it. */
async function bodyOf(response: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  try {
    for await (const part of response as AsyncIterable<Buffer>) {
      parts.push(part);
      size += part.length;
      if (size > BODY_MAX_BYTES) break;
    }
  } catch {
    // The beginning is judged.
  }
  return Buffer.concat(parts).subarray(0, BODY_MAX_BYTES).toString('utf8');
}

function troubleOf(error: unknown): Conversation['end'] {
  if (!(error instanceof Error)) {
    return { kind: 'trouble', code: '', text: String(error), raw: Buffer.alloc(0) };
  }
  const code = 'code' in error ? String(error.code) : '';
  // The HTTP parser keeps what it could not read.
  const raw =
    'rawPacket' in error && Buffer.isBuffer(error.rawPacket) ? error.rawPacket : Buffer.alloc(0);
  return { kind: 'trouble', code, text: error.message, raw };
}
