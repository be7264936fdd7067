/** Turns one TLS handshake with a client port into whether it speaks TLS now. */

import { isIP } from 'node:net';
import { type ConnectionOptions, connect } from 'node:tls';
import type { Way } from './client.ts';
import type { Endpoint, TlsFiles } from './endpoint.ts';

/** A member that serves shakes hands in milliseconds; one that is starting takes the connection and waits. */
const HANDSHAKE_MS = 2000;
/** For the end of a finished handshake to arrive there, so that the member has nothing to complain of. */
const FAREWELL_MS = 500;

/** Nothing came back that decides it: nobody is there, or it is not ready. */
export type Speech = 'http' | 'https' | 'unknown';

/**
 * A handshake with all our files: plain text is never tried, since a TLS port writes a line into its log
 * for it. A certificate that does not please either side is an answer in TLS all the same.
 */
export async function speechOf(endpoint: Endpoint, tls: TlsFiles, way?: Way): Promise<Speech> {
  const { host, port } = endpoint;
  const path = await way?.path(host, port);
  const name = isIP(host) === 0 ? { servername: host } : {};
  return shakeHands({ ...(path === undefined ? { host, port } : { path }), ...name, ...tls });
}

function shakeHands(options: ConnectionOptions): Promise<Speech> {
  return new Promise((resolve) => {
    const socket = connect(options);
    const settle = (speech: Speech): void => {
      clearTimeout(timer);
      resolve(speech);
    };
    const timer = setTimeout(() => {
      settle('unknown');
      socket.destroy();
    }, HANDSHAKE_MS);
    socket.on('error', (error: Error) => {
      settle(speechIn(error));
    });
    socket.once('secureConnect', () => {
      settle('https');
      socket.resume();
      socket.end();
      setTimeout(() => socket.destroy(), FAREWELL_MS).unref();
    });
  });
}

/** Socket errors before anything was said decide nothing; every other word of OpenSSL is about TLS. */
export function speechIn(error: Error): Speech {
  const code = 'code' in error ? String(error.code) : '';
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST/.test(code)) return 'http';
  const text = error.message;
  // Go closes a plain connection that it does not understand; a member that goes down closes all.
  if (text.includes('disconnected before secure TLS connection')) return 'http';
  const isTls = /^ERR_(SSL|TLS)_|CERT|ISSUER|SIGNATURE|INVALID_CA|INVALID_PURPOSE/.test(code);
  return isTls ? 'https' : 'unknown';
}
