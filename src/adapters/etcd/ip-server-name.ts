/** Turns off one Node warning that would puzzle people: an https client URL that names an IP address. */

import { isIP } from 'node:net';
import { Duplex } from 'node:stream';
import { connect } from 'node:tls';

/**
 * grpc-js sets the TLS server name also for an IP address, and Node then prints DEP0123 once per process.
 * The address is still checked against the certificate, which is what matters. Node warns before the first
 * handshake byte, so one connection to nowhere uses the warning up while deprecations are silent. This can
 * go when grpc-js leaves the server name out for addresses.
 */
export function quietIpServerName(host: string): void {
  if (isIP(host) === 0) return;
  const before = process.noDeprecation;
  process.noDeprecation = true;
  const nowhere = new Duplex({ read: noBytes, write: noBytes });
  try {
    const socket = connect({ socket: nowhere, servername: host });
    socket.on('error', noBytes);
    socket.destroy();
  } finally {
    process.noDeprecation = before ?? false;
    nowhere.destroy();
  }
}

function noBytes(): void {
  // Nothing is ever read or written.
}
