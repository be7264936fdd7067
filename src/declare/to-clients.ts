/** Turns the clients block, and what the members show to clients, into what is wanted of the client side. */

import {
  type DesiredClients,
  type DesiredCluster,
  type DesiredMember,
  type DesiredPki,
  movesClients,
} from '../model/desired.ts';
import { type Context, operatorPath } from './context.ts';
import { DEFAULTS } from './defaults.ts';
import { type Path, pathText } from './finding.ts';
import type { LoosePlan } from './shape.ts';
import { modeOf, toCertificate } from './to-pki.ts';

/** Undefined: the scope is the peers alone, or what is wrong is reported. */
export function toClients(
  context: Context,
  plan: LoosePlan,
  pki: DesiredPki | undefined,
): DesiredClients | undefined {
  if (!moves(plan)) {
    refuseUnused(context, ['clients']);
    return undefined;
  }
  if (pki === undefined) return undefined;
  const given = plan.clients ?? {};
  const path: Path = ['clients', 'ca'];
  const isGivenCa = context.has(path);
  checkAuthority(context, path, pki.mode);
  if (pki.mode !== 'issue' && !context.has(['cluster', 'tls'])) {
    const message = `cluster.tls is missing: with pki.mode ${pki.mode} nothing else says with what peershift talks to members that answer https`;
    const hint =
      'write, for instance, "tls: { ca: pki/client-ca.pem, cert: pki/op.pem, key: pki/op-key.pem }" under cluster';
    context.problem(['cluster'], message, hint);
  }
  const made = `${pki.directory}/${DEFAULTS.clients.ca}`;
  const cert = operatorPath(context, [...path, 'cert'], given.ca?.cert) ?? `${made}.pem`;
  const key = operatorPath(context, [...path, 'key'], given.ca?.key) ?? `${made}-key.pem`;
  if (cert === pki.ca?.cert) {
    const message = "clients.ca is the peers' CA: a client certificate of it could join as a peer";
    context.problem([...path, 'cert'], message, 'name a CA of its own, or take clients.ca away');
  }
  return { certAuth: given.certAuth ?? DEFAULTS.clients.certAuth, ca: { cert, key }, isGivenCa };
}

function checkAuthority(context: Context, path: Path, mode: DesiredPki['mode']): void {
  if (mode === 'issue' && context.has(path) && !context.has([...path, 'key'])) {
    const message = 'clients.ca.key is missing: an existing CA issues with its key';
    const hint = 'add "key: pki/client-ca-key.pem", or take clients.ca away to have a CA made';
    context.problem(path, message, hint);
  }
  if (mode !== 'issue' && !context.has(path)) {
    const message = `clients.ca is missing: mode ${mode} needs the CA that verifies the certificates`;
    context.problem(
      ['clients'],
      message,
      'write, for instance, "clients: { ca: { cert: pki/client-ca.pem } }"',
    );
  }
}

/** With what peershift talks to members that answer https: as given, or as the run issues it to itself. */
export function operatorTls(
  cluster: DesiredCluster | undefined,
  pki: DesiredPki | undefined,
  clients: DesiredClients | undefined,
): Partial<Pick<DesiredCluster, 'tls'>> {
  if (clients === undefined || pki?.mode !== 'issue' || cluster?.tls !== undefined) return {};
  const stem = `${pki.directory}/${DEFAULTS.clients.operator}`;
  return { tls: { ca: clients.ca.cert, cert: `${stem}.pem`, key: `${stem}-key.pem` } };
}

/** What a member shows to clients. */
export function toClientCertificate(
  context: Context,
  plan: LoosePlan,
  index: number,
  isLocal: boolean | undefined,
): Partial<Pick<DesiredMember, 'clientCertificate'>> {
  const path: Path = ['members', index, 'clientCertificate'];
  if (!moves(plan)) {
    refuseUnused(context, path);
    return {};
  }
  const clientCertificate = toCertificate(context, plan, index, isLocal, 'clientCertificate');
  const mode = modeOf(context, plan);
  const isMissing = !context.has([...path, 'cert']) && !context.has([...path, 'key']);
  if (mode !== undefined && mode !== 'issue' && isMissing) {
    const message = `${pathText(path)} has no cert and key, which pki.mode ${mode} needs`;
    const hint = 'write "clientCertificate: { cert: ..., key: ... }" for this member';
    context.problem(path, message, hint);
  }
  return { clientCertificate };
}

function moves({ scope = DEFAULTS.scope }: LoosePlan): boolean {
  return movesClients(scope);
}

function refuseUnused(context: Context, path: Path): void {
  if (!context.has(path)) return;
  const message = `${pathText(path)} stands without a scope that moves the clients, and nothing would use it`;
  context.problem(path, message, 'write scope: client or peer+client, or take it away');
}
