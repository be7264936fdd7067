/** Warnings that are known and say nothing about the change, each with the reason why it is left out. */

import type { IgnoredLine } from './signature.ts';

export const IGNORED_LINES: readonly IgnoredLine[] = [
  {
    pattern: /^closed (?:an existing |the )?TCP streaming connection/u,
    because: 'a newer stream took its place, or its end is told by a line of its own',
  },
  {
    pattern: /^The scheme of peer url .* is HTTP while|^scheme is HTTP while/u,
    because:
      'a member that has loaded trust and leaf and still listens on http says so at each start',
  },
  {
    pattern: /^rejected connection on client endpoint/u,
    because: 'it is about the client port',
  },
  {
    pattern: /^failed to process raft message/iu,
    because: 'a message that came in while raft was stopping; the sender repeats it',
  },
  {
    pattern: /^simple token is not cryptographically signed/u,
    because: 'it is about client authentication',
  },
  {
    pattern:
      /^Running http and grpc server on single port|^serving (?:insecure client|client traffic insecurely)/u,
    because: 'it is about the client port',
  },
  {
    pattern: /^stopp(?:ing|ed) (?:in)?secure grpc server/u,
    because: 'it is about the client port at a stop',
  },
  {
    pattern: /grpc: addrConn\.createTransport failed/u,
    because: "it is about etcd's own gateway to its client port at a stop",
  },
  {
    pattern: /Deprecated '--logger=capnslog'/u,
    because: 'it is about the logger',
  },
  {
    pattern: /^unrecognized environment variable|^recognized environment variable/u,
    because: 'a setting that this version does not read, or that a flag overrides',
  },
  {
    pattern:
      /connection close error: |^failed to close (?:connection with remote peer|remote peer connection)|rate limit(?:er error| on stream reader)/u,
    because: 'the end of the stream is told by a line of its own',
  },
  {
    pattern: /^ignoring (?:peer|client) auto TLS since certs given/u,
    because: 'the certificate files count, as they should',
  },
];
