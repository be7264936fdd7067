/** Turns a member's service and config blocks into what starts it and where its settings are kept. */

import type { Argv, ConfigSpec, ServiceSpec } from '../model/desired.ts';
import { asideOf, folderOf } from '../model/pod-paths.ts';
import { type Block, mergedBlock, refuseKeys } from './block.ts';
import { type Context, hostPath } from './context.ts';
import { DEFAULTS } from './defaults.ts';
import { type Path, pathText } from './finding.ts';
import { resolvePath } from './posix-path.ts';
import type { LooseBlocks } from './to-host.ts';

type LooseService = NonNullable<LooseBlocks['service']>;
type LooseConfig = NonNullable<LooseBlocks['config']>;

interface Layers<T> {
  readonly index: number;
  readonly own: T | undefined;
  readonly defaults: T | undefined;
  /** Is the member's host this machine? */
  readonly isLocal: boolean;
}

/** Undefined: what is wrong is reported. */
export function toService(context: Context, layers: Layers<LooseService>): ServiceSpec | undefined {
  const kind = { key: 'manager', default: DEFAULTS.service.manager } as const;
  const block = mergedBlock<LooseService>(context, { name: 'service', kind, ...layers });
  if (block === undefined) return undefined;
  const manager = block.value.manager ?? DEFAULTS.service.manager;
  const allowed = KEYS[manager];
  refuseKeys(context, block, { allowed, kind: `manager: ${manager}` });
  switch (manager) {
    case 'systemd':
      return systemd(context, block);
    case 'docker': {
      const { container, binary = DEFAULTS.service.binary } = block.value;
      if (container === undefined) missing(context, block, 'container', 'container: etcd');
      return container === undefined ? undefined : { manager, container, binary };
    }
    case 'static-pod': {
      const { path: text } = block.value;
      if (text === undefined) {
        missing(context, block, 'path', 'path: /etc/kubernetes/manifests/etcd.yaml');
        return undefined;
      }
      const path = hostPath(context, block.pathOf('path'), text, layers.isLocal);
      if (path === undefined) return undefined;
      const { podLogs: logs } = block.value;
      const at = block.pathOf('podLogs');
      const podLogs = logs === undefined ? logs : hostPath(context, at, logs, layers.isLocal);
      return { manager, path, ...(podLogs === undefined ? {} : { podLogs }) };
    }
    case 'command':
      return command(context, block, layers.isLocal);
  }
}

const KEYS = {
  systemd: ['manager', 'unit'],
  docker: ['manager', 'container', 'binary'],
  'static-pod': ['manager', 'path', 'podLogs'],
  command: ['manager', 'start', 'stop', 'status', 'logs'],
} as const satisfies Record<string, readonly (keyof LooseService)[]>;

/** Units end in one of these (systemd.unit(5)); only a service runs a process. */
const OTHER_UNIT = /\.(socket|device|mount|automount|swap|target|path|timer|slice|scope)$/;

function systemd(context: Context, block: Block<LooseService>): ServiceSpec | undefined {
  const { unit = DEFAULTS.service.unit } = block.value;
  if (!OTHER_UNIT.test(unit)) return { manager: 'systemd', unit };
  const message = `unit must be a service, and ${unit} is none`;
  context.problem(block.pathOf('unit'), message, 'write, for instance, "unit: etcd.service"');
  return undefined;
}

function command(
  context: Context,
  block: Block<LooseService>,
  isLocal: boolean,
): ServiceSpec | undefined {
  const argv = (key: 'start' | 'stop' | 'status'): Argv | undefined => {
    const path = block.pathOf(key);
    const words = block.value[key];
    if (words === undefined) missing(context, block, key, `${key}: [sv, ${key}, etcd]`);
    return toArgv(context, path, words, isLocal);
  };
  const [start, stop, status] = [argv('start'), argv('stop'), argv('status')];
  const { logs } = block.value;
  const logPath = [...block.pathOf('logs'), 'file'];
  const logFile =
    logs?.file === undefined ? undefined : hostPath(context, logPath, logs.file, isLocal);
  if (start === undefined || stop === undefined || status === undefined) return undefined;
  return { manager: 'command', start, stop, status, logFile };
}

/** A relative program (`./start.sh`) is relative to the plan file, where that is on the same machine. */
export function toArgv(
  context: Context,
  path: Path,
  words: readonly (string | undefined)[] | undefined,
  isLocal: boolean,
): Argv | undefined {
  const given = (words ?? []).filter((word) => word !== undefined);
  const [program, ...rest] = given;
  if (program === undefined || given.length !== words?.length) return undefined;
  if (!program.includes('/') || program.startsWith('/')) return [program, ...rest];
  if (isLocal) return [resolvePath(context.baseDir, program), ...rest];
  const where = [...path, 0];
  const message = `${pathText(where)} must be an absolute path, or a name that PATH finds`;
  context.problem(where, message, 'it is a program on the host: begin it with "/"');
  return undefined;
}

function missing(
  context: Context,
  block: Block<LooseService>,
  key: keyof LooseService,
  example: string,
): void {
  const path = block.pathOf(key);
  // A wrong value was taken out, and is reported as what it is.
  if (context.has(path)) return;
  context.problem(path, `${pathText(path)} is missing`, `write, for instance, "${example}"`);
}

/** Undefined: what is wrong is reported. */
export function toConfig(
  context: Context,
  layers: Layers<LooseConfig>,
  service: ServiceSpec | undefined,
): ConfigSpec | undefined {
  const holdsThem = service?.manager === 'static-pod' || service?.manager === 'docker';
  const usual = holdsThem ? 'flags' : DEFAULTS.config.format;
  const kind = { key: 'format', default: usual } as const;
  const block = mergedBlock<LooseConfig>(context, { name: 'config', kind, ...layers });
  if (block === undefined) return undefined;
  const format = block.value.format ?? usual;
  if (service?.manager === 'docker' && format === 'flags') {
    return containerConfig(context, block, service.container);
  }
  const text = block.value.path ?? usualPath(format, service);
  const at = block.pathOf('path');
  if (text === undefined) {
    if (context.has(at)) return undefined;
    const message = `${pathText(at)} is missing: format ${format} has no usual place`;
    context.problem(
      at,
      message,
      'name the file on the host, for instance "path: /etc/etcd/etcd.yml"',
    );
    return undefined;
  }
  const path = hostPath(context, at, text, layers.isLocal);
  if (path === undefined) return undefined;
  if (service?.manager === 'static-pod' && folderOf(path) === folderOf(service.path)) {
    const message = `${pathText(at)} lies in the folder of the manifest, where the kubelet makes a pod of each file`;
    context.problem(at, message, `take it away: ${asideOf(service.path)} is used then`);
  }
  return { format, path };
}

/** The container itself, whether its flags or its variables hold the settings: there is no file. */
function containerConfig(
  context: Context,
  block: Block<LooseConfig>,
  container: string,
): ConfigSpec | undefined {
  const at = block.pathOf('path');
  if (block.value.path === undefined && !context.has(at)) {
    return { format: 'flags', path: container };
  }
  const message = `${pathText(at)} has no meaning here: the settings are those of the container ${container}`;
  context.problem(at, message, 'take path away');
  return undefined;
}

/** Flags go into a drop-in of the unit, whose place follows from its name; those of a pod wait beside its manifest. */
function usualPath(
  format: ConfigSpec['format'],
  service: ServiceSpec | undefined,
): string | undefined {
  if (format === DEFAULTS.config.format) return DEFAULTS.config.path;
  if (format !== 'flags') return undefined;
  if (service?.manager === 'static-pod') return asideOf(service.path);
  if (service?.manager !== 'systemd') return undefined;
  const unit = service.unit.replace(/\.service$/, '');
  return `/etc/systemd/system/${unit}.service.d/50-peershift.conf`;
}
