/** Turns a line of a member's log into whether it tells of a refused or broken TLS link. */

/** Go's and etcd's words for it, in either log format; none of them is peershift's. */
const TLS_TROUBLE =
  /tls: |x509: |rejected connection|handshake|malformed HTTP|HTTP response to HTTPS/;
/**
 * A connection that is closed before its first byte: Go before 1.23 gives up a dial that it no longer
 * needs, as when a follower forwards keepalives. etcd itself tells this at debug level from 3.5.24 on.
 */
const GIVEN_UP = /error "EOF", ServerName ""|"server-name":"","error":"EOF"/;
/** The member's own stop closes its listener under a connection that was just accepted. */
const OWN_STOP = /rejected connection.*use of closed network connection/;

export function tlsTrouble(line: string): boolean {
  return TLS_TROUBLE.test(line) && !GIVEN_UP.test(line) && !OWN_STOP.test(line);
}
