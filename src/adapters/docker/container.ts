/** Turns one entry of `docker container inspect` into what a container is, what it runs, and how it is now. */

import { type Fields, fieldsOf, isEmpty, listOf, numberOf, textOf, textsOf } from './json.ts';

export interface Mount {
  readonly type: string;
  /** Of a volume; empty for a bind. */
  readonly name: string;
  /** On the host. */
  readonly source: string;
  readonly destination: string;
  readonly isWritable: boolean;
  readonly propagation: string;
}

export interface Container {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  /** `sha256:...`. */
  readonly imageId: string;
  /** As it was asked for: `quay.io/coreos/etcd:v3.4.23`. */
  readonly imageName: string;
  /** The program and its words, as the engine starts them. */
  readonly argv: readonly string[];
  /** `NAME=value`, in order. */
  readonly environment: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly mounts: readonly Mount[];
  /** `created`, `running`, `restarting`, `paused`, `exited`, ... */
  readonly status: string;
  readonly pid: number;
  readonly exitCode: number;
  /** What the engine says of a start that failed. */
  readonly error: string;
  /** `no`, `always`, `unless-stopped`, `on-failure:3`. */
  readonly restartPolicy: string;
  readonly restarts: number;
  /** Seconds; undefined: the engine's own ten. */
  readonly stopSeconds: number | undefined;
  /** podman's pod. */
  readonly pod: string;
  /** podman's own record of the command line; empty for Docker. */
  readonly createCommand: readonly string[];
  readonly config: Fields;
  readonly hostConfig: Fields;
  readonly networks: Fields;
}

export function containerOf(entry: unknown): Container {
  const fields = fieldsOf(entry);
  const config = fieldsOf(fields['Config']);
  const hostConfig = fieldsOf(fields['HostConfig']);
  const state = fieldsOf(fields['State']);
  const stopTimeout = config['StopTimeout'];
  return {
    id: textOf(fields['Id']),
    name: textOf(fields['Name']).replace(/^\//, ''),
    createdAt: textOf(fields['Created']),
    imageId: textOf(fields['Image']),
    imageName: textOf(config['Image']),
    argv: argvOf(fields, config),
    environment: textsOf(config['Env']),
    labels: Object.fromEntries(
      Object.entries(fieldsOf(config['Labels'])).map(([name, value]) => [name, textOf(value)]),
    ),
    mounts: listOf(fields['Mounts']).map(mountOf),
    status: textOf(state['Status']),
    pid: numberOf(state['Pid']),
    exitCode: numberOf(state['ExitCode']),
    error: textOf(state['Error']),
    restartPolicy: policyOf(hostConfig['RestartPolicy']),
    restarts: numberOf(fields['RestartCount']),
    stopSeconds: typeof stopTimeout === 'number' ? stopTimeout : undefined,
    pod: textOf(fields['Pod']),
    createCommand: textsOf(config['CreateCommand']),
    config,
    hostConfig,
    networks: fieldsOf(fieldsOf(fields['NetworkSettings'])['Networks']),
  };
}

/** podman (4.3) tells a command of one word twice, as path and as its own first argument. */
function argvOf(fields: Fields, config: Fields): readonly string[] {
  const words = textsOf(config['Cmd']);
  if (isEmpty(config['Entrypoint']) && words.length > 0) return words;
  const [program, args] = [textOf(fields['Path']), textsOf(fields['Args'])];
  const isTwice = config['CreateCommand'] !== undefined && args.join('\0') === program;
  return isTwice ? [program] : [program, ...args];
}

function mountOf(entry: unknown): Mount {
  const fields = fieldsOf(entry);
  return {
    type: textOf(fields['Type']),
    name: textOf(fields['Name']),
    source: textOf(fields['Source']),
    destination: textOf(fields['Destination']),
    isWritable: fields['RW'] === true,
    propagation: textOf(fields['Propagation']),
  };
}

function policyOf(value: unknown): string {
  const { Name, MaximumRetryCount } = fieldsOf(value);
  const name = textOf(Name);
  if (name === '') return 'no';
  return isEmpty(MaximumRetryCount) ? name : `${name}:${String(numberOf(MaximumRetryCount))}`;
}

/** Is there an etcd at work in it, or on its way up? */
export function isUp({ status }: Pick<Container, 'status'>): boolean {
  return status === 'running' || status === 'paused' || status === 'stopping';
}

/** `exited (1)`, and what the engine says of it. */
export function statusText({ status, exitCode, error, restarts }: Container): string {
  const code = status === 'exited' || status === 'restarting' ? ` (${String(exitCode)})` : '';
  const again = restarts > 0 ? `, restarted ${String(restarts)} times` : '';
  return `${status}${code}${again}${error === '' ? '' : `: ${error}`}`;
}

/** The place of etcd's own name among the words that the engine starts; -1: it starts something else. */
export function programIndex(argv: readonly string[]): number {
  const isEtcd = (word: string): boolean => /(?:^|\/)etcd(?:[-_.\d][^/\s]*)?$/.test(word);
  return isEtcd(argv[0] ?? '') ? 0 : argv.findIndex((word, at) => at > 0 && isEtcd(word));
}
