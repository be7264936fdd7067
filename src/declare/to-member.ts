/** Turns one entry of `members`, with the defaults under it, into a member that is wholly described. */

import type { DesiredMember } from '../model/desired.ts';
import { memberName } from '../model/ids.ts';
import { mergedBlock } from './block.ts';
import { type Context, hostPath } from './context.ts';
import { DEFAULTS } from './defaults.ts';
import { type Path, pathText } from './finding.ts';
import type { LoosePlan } from './shape.ts';
import { type LooseBlocks, toHost } from './to-host.ts';
import { toClientCertificate } from './to-clients.ts';
import { toCertificate } from './to-pki.ts';
import { toConfig, toService } from './to-service.ts';
import { isAddress, toListenUrl, toPeerUrl } from './urls.ts';

/** A member whose wrong parts are left out: whole when nothing was reported. */
export type PartialMember = Partial<DesiredMember> & Pick<DesiredMember, 'certificate'>;

export function toMember(context: Context, plan: LoosePlan, index: number): PartialMember {
  const own = plan.members?.[index];
  // Something that is no mapping at all is reported, and nothing follows from it.
  if (own === undefined) return { certificate: { cert: undefined, key: undefined, sans: [] } };
  const { defaults = {} } = plan;
  const path: Path = ['members', index];
  const host = toHost(context, index, own.host, defaults.host);
  const isLocal = host === undefined ? undefined : host.transport === 'local';
  const placed = isLocal === undefined ? {} : toPlaced(context, index, own, defaults, isLocal);
  const peerUrl =
    own.peerUrl === undefined ? undefined : toPeerUrl(context, [...path, 'peerUrl'], own.peerUrl);
  const listenPeerUrls = (own.listenPeerUrls ?? []).flatMap((text, item) => {
    const at = [...path, 'listenPeerUrls', item];
    const url = text === undefined ? undefined : toListenUrl(context, at, text);
    return url === undefined ? [] : [url];
  });
  return {
    ...(own.name === undefined ? {} : { name: memberName(own.name) }),
    ...(host === undefined ? {} : { host }),
    ...placed,
    ...(peerUrl === undefined ? {} : { peerUrl }),
    certificate: toCertificate(context, plan, index, isLocal),
    ...toClientCertificate(context, plan, index, isLocal),
    sourceAddresses: toAddresses(context, [...path, 'sourceAddresses'], own.sourceAddresses),
    listenPeerUrls,
  };
}

/** What stands on the host: only when it is known where that is, paths can be judged. */
function toPlaced(
  context: Context,
  index: number,
  own: LooseBlocks,
  defaults: LooseBlocks,
  isLocal: boolean,
): Partial<Pick<DesiredMember, 'service' | 'config' | 'tls'>> {
  const layers = { index, isLocal };
  const service = toService(context, {
    ...layers,
    own: own.service,
    defaults: defaults.service,
  });
  const places = { ...layers, own: own.config, defaults: defaults.config };
  const config = toConfig(context, places, service);
  const tls = toTls(context, index, own.tls, defaults.tls, isLocal);
  return {
    ...(service === undefined ? {} : { service }),
    ...(config === undefined ? {} : { config }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function toTls(
  context: Context,
  index: number,
  own: LooseBlocks['tls'],
  defaults: LooseBlocks['tls'],
  isLocal: boolean,
): DesiredMember['tls'] | undefined {
  type Tls = NonNullable<LooseBlocks['tls']>;
  const input = { name: 'tls', index, kind: undefined, defaults, own };
  const block = mergedBlock<Tls>(context, input);
  if (block === undefined) return undefined;
  const { directory: text = DEFAULTS.tls.directory, owner, group } = block.value;
  const directory = hostPath(context, block.pathOf('directory'), text, isLocal);
  return directory === undefined ? undefined : { directory, owner, group };
}

function toAddresses(
  context: Context,
  path: Path,
  addresses: readonly (string | undefined)[] | undefined,
): readonly string[] {
  return (addresses ?? []).flatMap((text, item) => {
    if (text === undefined) return [];
    if (isAddress(text)) return [text];
    const at = [...path, item];
    context.problem(at, `${pathText(at)} must be an IP address`, 'write, for instance, 10.0.0.1');
    return [];
  });
}
