/** Turns a plan file of the right shape into the desired spec, and reports what cannot be meant together. */

import { present } from '../base/assert.ts';
import { nearestWord } from '../base/spelling.ts';
import type { DesiredMember, DesiredSpec } from '../model/desired.ts';
import { type MemberName, memberName } from '../model/ids.ts';
import { checkClashes } from './clashes.ts';
import type { Context } from './context.ts';
import { DEFAULTS } from './defaults.ts';
import { pathText } from './finding.ts';
import type { LoosePlan } from './shape.ts';
import { operatorTls, toClients } from './to-clients.ts';
import { toCluster } from './to-cluster.ts';
import { toGates, toHooks } from './to-gates.ts';
import { type PartialMember, toMember } from './to-member.ts';
import { completeCertificates, modeOf, toPki } from './to-pki.ts';

/** All checks run, whatever the first of them finds; the answer is made when nothing was reported. */
export function toDesired(context: Context, plan: LoosePlan): () => DesiredSpec {
  const cluster = toCluster(context, plan);
  const pki = toPki(context, plan);
  const clients = toClients(context, plan, pki);
  const written = (plan.members ?? []).map((_member, index) => toMember(context, plan, index));
  const certificates = completeCertificates(
    context,
    plan,
    written.map(({ certificate }) => certificate),
  );
  const members = written.map((member, index) => ({
    ...member,
    certificate: certificates[index] ?? member.certificate,
  }));
  const sharesFiles = plan.pki?.shared === true || modeOf(context, plan) === 'in-place';
  checkClashes(context, members, sharesFiles);
  checkAccept(context, plan);
  const order = toOrder(context, plan);
  const gates = toGates(context, plan.gates);
  const hooks = toHooks(context, plan.hooks);
  return () => ({
    version: 1,
    name: present(plan.name, 'name'),
    planFile: context.planFile,
    strategy: plan.strategy ?? DEFAULTS.strategy,
    scope: plan.scope ?? DEFAULTS.scope,
    memberApi: plan.memberApi ?? DEFAULTS.memberApi,
    cluster: { ...present(cluster, 'cluster'), ...operatorTls(cluster, pki, clients) },
    pki: present(pki, 'pki'),
    ...(clients === undefined ? {} : { clients }),
    members: members.map(wholeMember),
    order,
    accept: (plan.accept ?? []).map((rule) => present(rule, 'accept')),
    gates,
    hooks,
    onFailure: plan.onFailure ?? DEFAULTS.onFailure,
    takesBackup: plan.backup ?? DEFAULTS.backup,
  });
}

function wholeMember(member: PartialMember): DesiredMember {
  return {
    name: present(member.name, 'member name'),
    host: present(member.host, 'member host'),
    service: present(member.service, 'member service'),
    config: present(member.config, 'member config'),
    tls: present(member.tls, 'member tls'),
    peerUrl: member.peerUrl,
    certificate: member.certificate,
    ...(member.clientCertificate === undefined
      ? {}
      : { clientCertificate: member.clientCertificate }),
    sourceAddresses: member.sourceAddresses ?? [],
    listenPeerUrls: member.listenPeerUrls ?? [],
  };
}

/** `order` names every member, each once. */
function toOrder(context: Context, plan: LoosePlan): readonly MemberName[] | undefined {
  if (plan.order === undefined) return undefined;
  const members = plan.members ?? [];
  const names = members.flatMap((member) => (member?.name === undefined ? [] : [member.name]));
  const order = plan.order.filter((name) => name !== undefined);
  // With a name missing or wrong above, what is unknown here may be that one.
  if (names.length !== members.length || order.length !== plan.order.length) return undefined;
  order.forEach((name, index) => {
    const path = ['order', index];
    if (!names.includes(name)) {
      const nearest = nearestWord(name, names);
      const all = `the members are ${names.join(', ')}`;
      const message = `${pathText(path)} names ${name}, which is no member of this plan`;
      context.problem(path, message, nearest === undefined ? all : `did you mean "${nearest}"?`);
    } else if (order.indexOf(name) !== index) {
      const message = `${pathText(path)} names ${name} a second time`;
      context.problem(path, message, 'name each member once');
    }
  });
  const left = names.filter((name) => !order.includes(name));
  if (left.length > 0) {
    const message = `order does not name ${left.join(', ')}`;
    context.problem(['order'], message, 'name every member, or take order away');
  }
  return order.map(memberName);
}

function checkAccept(context: Context, plan: LoosePlan): void {
  const rules = plan.accept ?? [];
  rules.forEach((rule, index) => {
    if (rule === undefined || rules.indexOf(rule) === index) return;
    const message = `accept names ${rule} a second time`;
    context.problem(['accept', index], message, 'name each rule once');
  });
}
