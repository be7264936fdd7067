/** Peer ports, dialed from this machine. Types only. */

import type { Result } from '../base/result.ts';
import type { PeerUrl } from '../model/url.ts';

/** Where to dial, and which name the leaf there must cover: the URL's host unless said otherwise. */
export interface PeerTarget {
  readonly url: PeerUrl;
  readonly coveredName?: string;
}

/** PEM texts of a member's own files; none of them is ever shown. */
export interface PeerFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

export interface PeerAnswer {
  readonly protocol: string;
  readonly cipher: string;
  /** SHA-256 of the DER of the leaf that was shown, in hex. */
  readonly fingerprint: string;
  /** As `GET /version` tells it. */
  readonly version: string;
}

export type PeerTroubleKind =
  | 'connection-refused'
  | 'unreachable'
  | 'timeout'
  | 'spoke-http'
  | 'not-trusted'
  | 'name-not-covered'
  | 'expired'
  | 'client-rejected'
  | 'closed'
  | 'not-etcd'
  | 'unusable-files'
  | 'other';

export interface PeerTrouble {
  readonly kind: PeerTroubleKind;
  readonly because: string;
}

/** How a dial ended that should be refused; `unknown` when nothing there was seen to decide. */
export interface PeerRefusal {
  readonly result: 'refused' | 'accepted' | 'unknown';
  readonly because: string;
}

/** What a peer port says of itself to whoever may connect to it. */
export type PeerPath = '/version' | '/members' | '/raft/probing';

export interface PeerPage {
  readonly statusCode: number;
  readonly body: string;
  /** Hex; of the answers that carry it (`X-Etcd-Cluster-ID`). */
  readonly clusterId: string | undefined;
}

/** Dials peer ports from this machine. `dialWithoutLeaf` and `dialPlain` must be refused: only `verify` makes them. */
export interface PeerDialer {
  /** One GET, with these files where the URL is https; for members whose API cannot be asked. */
  get(
    target: PeerTarget,
    files: PeerFiles | undefined,
    path: PeerPath,
  ): Promise<Result<PeerPage, PeerTrouble>>;
  /** TLS with this leaf to a server that this CA verifies, then `GET /version` on that connection. */
  dial(target: PeerTarget, files: PeerFiles): Promise<Result<PeerAnswer, PeerTrouble>>;
  /** The same without a client certificate; only an HTTP answer is acceptance. */
  dialWithoutLeaf(target: PeerTarget, authorities: string): Promise<PeerRefusal>;
  /** `GET /version` in the clear to the URL's host and port, whatever its scheme. */
  dialPlain(target: PeerTarget): Promise<PeerRefusal>;
}
