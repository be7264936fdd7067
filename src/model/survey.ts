/** What `init` found out about a live cluster: seen, guessed with the reason, or not found at all. */

import type { ConfigSpec, ServiceSpec } from './desired.ts';
import type { PeerUrl } from './url.ts';

/** A value and, when it was not simply seen, why it is taken for the right one. */
export interface Guess<T> {
  readonly value: T;
  /** Undefined: it was seen. */
  readonly why: string | undefined;
}

export interface Survey {
  readonly planName: Guess<string>;
  readonly clusterId: string;
  readonly endpoints: readonly Guess<string>[];
  readonly client: ClientAccess;
  readonly way: SurveyWay;
  /** In order of name. */
  readonly members: readonly SurveyedMember[];
}

/** How clients get in; paths as the person gave them. */
export interface ClientAccess {
  readonly tls:
    | { readonly ca: string; readonly cert: string | undefined; readonly key: string | undefined }
    | undefined;
  readonly login: { readonly username: string; readonly passwordEnv: string } | undefined;
  readonly via: 'direct' | 'ssh';
}

/** `root@{host}:22` in its parts; user and port as far as they were given. */
export type SurveyWay =
  | { readonly kind: 'local' }
  | { readonly kind: 'ssh'; readonly user: string | undefined; readonly port: number | undefined };

export interface SurveyedMember {
  readonly name: string;
  readonly version: string | undefined;
  readonly isLeader: boolean;
  readonly isLearner: boolean;
  readonly peerUrls: readonly PeerUrl[];
  /** As the member list has them. */
  readonly clientUrls: readonly string[];
  readonly address: Guess<string>;
  readonly service: Guess<ServiceSpec>;
  readonly config: Guess<ConfigSpec>;
  readonly tlsDirectory: Guess<string>;
  /** What a person should know of it, in words. */
  readonly notes: readonly string[];
}

export function seen<T>(value: T): Guess<T> {
  return { value, why: undefined };
}

export function guessed<T>(value: T, why: string): Guess<T> {
  return { value, why };
}
