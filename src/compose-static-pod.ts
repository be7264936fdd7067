/** Picks how a member in a static pod is started, found and read, by what its manifest says. */

import { podNameOf } from './adapters/config/pod-manifest.ts';
import { podLog } from './adapters/static-pod/logs.ts';
import { staticPodService } from './adapters/static-pod/service.ts';
import type { DesiredMember, ServiceSpec } from './model/desired.ts';
import { FLAG } from './model/settings.ts';
import type { Host, LogSource, MemberConfig, Service } from './ports.ts';

type PodSpec = Extract<ServiceSpec, { manager: 'static-pod' }>;

/** As a kubelet has it unless told otherwise. */
const DEFAULT_POD_LOGS = '/var/log/pods';

/** Its name and its data folder tell a member's process from that of another one on the same machine. */
export function podService(
  member: DesiredMember,
  { path }: PodSpec,
  host: Host,
  config: MemberConfig,
): Service {
  return staticPodService(host, {
    ...{ memberName: member.name, manifest: path, aside: member.config.path },
    marks: async () => {
      const file = await config.read();
      const folder = file.ok ? file.value.settings[FLAG.dataDir] : undefined;
      return folder === undefined ? {} : { [FLAG.dataDir]: folder };
    },
  });
}

export function podLogs({ podLogs: root }: PodSpec, host: Host, config: MemberConfig): LogSource {
  return podLog(host, {
    root: root ?? DEFAULT_POD_LOGS,
    pod: async () => {
      const file = await config.read();
      return file.ok ? podNameOf(file.value.text) : undefined;
    },
  });
}
