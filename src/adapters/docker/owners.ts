/** Turns the labels of a container into who else makes it, and would make it anew. */

import type { Container } from './container.ts';

/** Why nobody but its owner may replace it; empty when it is nobody's. */
export function whoseIsIt({ labels, pod }: Pick<Container, 'labels' | 'pod'>): readonly string[] {
  const unit = labels['PODMAN_SYSTEMD_UNIT'];
  const task = labels['com.docker.swarm.task.name'] ?? labels['com.docker.swarm.task.id'];
  const kubernetes = labels['io.kubernetes.pod.name'];
  return [
    ...(task === undefined
      ? []
      : [
          `Docker swarm runs it (task ${task}) and would start another one in its place: change the service (docker service update)`,
        ]),
    ...(kubernetes === undefined
      ? []
      : [
          `the kubelet runs it (pod ${kubernetes}) and would start another one in its place: change the pod's manifest`,
        ]),
    ...(unit === undefined
      ? []
      : [
          `the systemd unit ${unit} makes it anew at each start: change that unit or its .container file`,
        ]),
    ...(pod === ''
      ? []
      : [`it belongs to the pod ${pod.slice(0, 12)}, and pods are not carried over`]),
  ];
}

/** Of `docker compose`: which file and service would put the old settings back. */
export function composedBy({ labels }: Pick<Container, 'labels'>): string | undefined {
  const service = labels['com.docker.compose.service'];
  if (service === undefined) return undefined;
  const files = labels['com.docker.compose.project.config_files'] ?? 'its compose file';
  return `made by docker compose: service ${service} in ${files}; write the changed lines of the preview there (command: or environment:, and volumes:), or the next compose up that makes it anew puts the old ones back`;
}
