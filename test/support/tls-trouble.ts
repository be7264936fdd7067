/** Turns a line of a member's log into whether it tells of a refused or broken TLS link. */

/** Go's and etcd's words for it, in either log format; none of them is peershift's. */
const TLS_TROUBLE =
  /tls: |x509: |rejected connection|handshake|malformed HTTP|HTTP response to HTTPS/;
/**
 * A dialer that closes its connection before the handshake is over, as Go does with a dial that is no longer
 * needed (a follower forwards keepalives; its member stops): the end of the stream, or a reset when the listener's
 * first words were still unread. Neither side refused anything. etcd itself tells the first at debug level from
 * 3.5.24 on. Dials of addresses have no server name.
 */
const GIVEN_UP =
  /error "(?:EOF|read tcp \S+: read: connection reset by peer)", ServerName ""|"server-name":"","error":"(?:EOF|read tcp \S+: read: connection reset by peer)"/;
/** The member's own stop closes its listener under a connection that was just accepted. */
const OWN_STOP = /rejected connection.*use of closed network connection/;

export function tlsTrouble(line: string): boolean {
  return TLS_TROUBLE.test(line) && !GIVEN_UP.test(line) && !OWN_STOP.test(line);
}
