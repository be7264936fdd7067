/** Turns nothing but memory into the doors of hosts, services, settings, certificates and time. */

import { sha256 } from '../../src/base/digest.ts';
import { type Result, err, ok } from '../../src/base/result.ts';
import type { Certificate, Leaf } from '../../src/model/certificate.ts';
import type { Failure, FailureCode } from '../../src/model/failure.ts';
import { type Fact, known, unknown } from '../../src/model/observed.ts';
import {
  type SettingChange,
  type Settings,
  environmentName,
  flagOfEnvironment,
} from '../../src/model/settings.ts';
import type {
  Answer,
  Clock,
  ConfigFile,
  ConfigWrite,
  ExecOutcome,
  Host,
  HostFile,
  HostProcess,
  HostRange,
  IssuedLeaf,
  LeafRequest,
  LogCursor,
  LogLines,
  LogSource,
  MemberConfig,
  Pki,
  Service,
  ServiceState,
  WriteOptions,
} from '../../src/ports.ts';

/** A failure for tests: only the code and the reason matter. */
export function failureWith(code: FailureCode, but: string): Failure {
  return { code, where: 'a fake', would: 'do what was asked', but, so: 'nothing', remedy: 'none' };
}

/** Sleeping takes no time and moves the clock on. */
export class FakeClock implements Clock {
  readonly slept: number[] = [];
  ms: number;
  /** Called while somebody sleeps: what the world does meanwhile. */
  onSleep: (ms: number) => void = () => undefined;

  constructor(ms: number) {
    this.ms = ms;
  }

  nowMs(): number {
    return this.ms;
  }

  sleep(ms: number): Promise<void> {
    this.slept.push(ms);
    this.ms += ms;
    this.onSleep(ms);
    return Promise.resolve();
  }
}

/** What stands on a new file unless said otherwise: long before any process of a test started. */
const OLD_MS = 1_000_000;
const SERVICE_USER = { uid: 107, gid: 112 } as const;

export class FakeHost implements Host {
  readonly label: string;
  readonly files = new Map<string, HostFile>();
  readonly processes = new Map<number, HostProcess>();
  /** By target; what is not here is unknown. */
  readonly sources = new Map<string, string>();
  /** Paths that the service's user may not read. */
  readonly forbidden = new Set<string>();
  readonly commands: (readonly string[])[] = [];
  readonly written: string[] = [];
  nowMs = OLD_MS;
  /** When set, every call is answered with it. */
  failure: Failure | undefined;
  onExec: (argv: readonly string[]) => Partial<ExecOutcome> = () => ({});

  constructor(label: string) {
    this.label = label;
  }

  /** Puts a file there, as if it had always been. */
  put(path: string, text: string, changes: Partial<HostFile> = {}): void {
    const bytes = new TextEncoder().encode(text);
    this.files.set(path, { bytes, mode: 0o600, ...SERVICE_USER, modifiedAtMs: OLD_MS, ...changes });
  }

  textOf(path: string): string | undefined {
    const file = this.files.get(path);
    return file === undefined ? undefined : new TextDecoder().decode(file.bytes);
  }

  exec(argv: readonly string[]): Answer<ExecOutcome> {
    this.commands.push(argv);
    const usual = { exitCode: 0, signal: undefined, stdout: '', stderr: '' };
    return this.#answer({ ...usual, ...this.onExec(argv) });
  }

  readFile(path: string): Answer<HostFile | undefined> {
    return this.#answer(this.files.get(path));
  }

  readRange(path: string, offset: number, maxBytes: number): Answer<HostRange | undefined> {
    const file = this.files.get(path);
    if (file === undefined) return this.#answer(undefined);
    const bytes = file.bytes.slice(offset, offset + maxBytes);
    return this.#answer({ bytes, sizeBytes: file.bytes.length, identity: path });
  }

  writeFile(path: string, bytes: Uint8Array, options: WriteOptions): Answer<undefined> {
    if (this.failure === undefined) {
      const before = this.files.get(path) ?? { mode: 0o600, uid: 0, gid: 0 };
      this.files.set(path, { ...before, ...options, bytes, modifiedAtMs: this.nowMs });
      this.written.push(path);
    }
    return this.#answer(undefined);
  }

  removeFile(path: string): Answer<undefined> {
    if (this.failure === undefined) this.files.delete(path);
    return this.#answer(undefined);
  }

  process(pid: number): Answer<HostProcess | undefined> {
    return this.#answer(this.processes.get(pid));
  }

  isReadableBy(path: string): Answer<boolean> {
    return this.#answer(!this.forbidden.has(path));
  }

  sourceAddressTo(target: string): Promise<Fact<string>> {
    const address = this.sources.get(target);
    if (this.failure !== undefined) return Promise.resolve(unknown(this.failure.but));
    return Promise.resolve(
      address === undefined ? unknown(`no route to ${target}`) : known(address),
    );
  }

  commandsMarked(): Answer<readonly number[]> {
    return this.#answer([]);
  }

  ownerIds(
    owner: string | undefined,
    group: string | undefined,
  ): Answer<{ uid?: number; gid?: number }> {
    const { uid, gid } = SERVICE_USER;
    return this.#answer({
      ...(owner === undefined ? {} : { uid }),
      ...(group === undefined ? {} : { gid }),
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #answer<T>(value: T): Answer<T> {
    return Promise.resolve(this.failure === undefined ? ok(value) : err(this.failure));
  }
}

/** An env file of bare NAME=value lines; anything else in it is kept and ignored. */
export class FakeConfig implements MemberConfig {
  readonly problems: string[] = [];
  readonly #host: FakeHost;
  readonly #path: string;

  constructor(host: FakeHost, path: string) {
    this.#host = host;
    this.#path = path;
  }

  async read(): Answer<ConfigFile> {
    const read = await this.#host.readFile(this.#path);
    if (!read.ok) return read;
    const text = this.#host.textOf(this.#path);
    if (text === undefined) return err(failureWith('CONFIG_UNREADABLE', 'there is no such file'));
    const settings = Object.fromEntries(
      Object.entries(environmentOf(text)).flatMap(([name, value]) => {
        const flag = flagOfEnvironment(name);
        return flag === undefined ? [] : [[flag, value] as const];
      }),
    );
    return ok({ path: this.#path, settings, digest: sha256(text), text, problems: this.problems });
  }

  edited(file: ConfigFile, changes: readonly SettingChange[]): Result<string, Failure> {
    const [problem] = this.problems;
    if (problem !== undefined) return err(failureWith('CONFIG_UNREADABLE', problem));
    const names = new Map(changes.map((change) => [environmentName(change.flag), change]));
    const lineOf = (name: string, to: string | undefined): readonly string[] =>
      to === undefined ? [] : [`${name}=${to}`];
    const lines = file.text.split('\n').filter((line) => line !== '');
    const kept = lines.flatMap((line) => {
      const name = line.slice(0, Math.max(0, line.indexOf('=')));
      const change = names.get(name);
      names.delete(name);
      return change === undefined ? [line] : lineOf(name, change.to);
    });
    const added = [...names].flatMap(([name, { to }]) => lineOf(name, to));
    return ok(`${[...kept, ...added].join('\n')}\n`);
  }

  async write(
    write: ConfigWrite,
  ): Answer<{ readonly digest: string; readonly backupPath: string }> {
    const file = await this.read();
    if (!file.ok) return file;
    if (file.value.digest !== write.expectDigest) {
      return err(failureWith('CONFIG_CHANGED', 'the file has another digest'));
    }
    const text = this.edited(file.value, write.changes);
    if (!text.ok) return text;
    const backupPath = `${this.#path}.peershift-${write.backupSuffix}`;
    if (!this.#host.files.has(backupPath)) await this.#put(backupPath, file.value.text);
    await this.#put(this.#path, text.value);
    return ok({ digest: sha256(text.value), backupPath });
  }

  async restore(backupPath: string, expectDigest: string): Answer<{ readonly digest: string }> {
    const file = await this.read();
    if (!file.ok) return file;
    const original = this.#host.textOf(backupPath);
    if (original === undefined || file.value.digest !== expectDigest) {
      return err(
        failureWith('CONFIG_CHANGED', 'the file has another digest, or no original is kept'),
      );
    }
    await this.#put(this.#path, original);
    return ok({ digest: sha256(original) });
  }

  async #put(path: string, text: string): Promise<void> {
    await this.#host.writeFile(path, new TextEncoder().encode(text), {});
  }
}

function environmentOf(text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').filter((line) => /^[A-Z_0-9]+=/u.test(line));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]),
  );
}

/** The text of an env file with these settings. */
export function envFileOf(settings: Settings): string {
  const lines = Object.entries(settings).map(
    ([flag, value]) => `${environmentName(flag)}=${value}`,
  );
  return `${lines.join('\n')}\n`;
}

/** Starts etcd with the env file as its environment and these words as its command line. */
export class FakeService implements Service {
  argv: readonly string[] = ['/usr/bin/etcd'];
  /** Of the service's own making, such as a unit file's Environment=. */
  environment: Readonly<Record<string, string>> = {};
  /** When set, it is the answer of `state`. */
  told: Fact<ServiceState> | undefined;
  pid: number | undefined;
  startFailure: Failure | undefined;
  starts = 0;
  stops = 0;
  onChange: () => void = () => undefined;
  #nextPid = 800;
  readonly #host: FakeHost;
  readonly #path: string;

  constructor(host: FakeHost, path: string) {
    this.#host = host;
    this.#path = path;
  }

  state(): Promise<Fact<ServiceState>> {
    const { pid } = this;
    return Promise.resolve(this.told ?? known({ isRunning: pid !== undefined, pid }));
  }

  start(): Answer<undefined> {
    if (this.startFailure !== undefined) return Promise.resolve(err(this.startFailure));
    this.starts += 1;
    if (this.pid === undefined) this.run(this.#host.nowMs);
    this.onChange();
    return Promise.resolve(ok(undefined));
  }

  stop(): Answer<undefined> {
    this.stops += 1;
    if (this.pid !== undefined) this.#host.processes.delete(this.pid);
    this.pid = undefined;
    this.onChange();
    return Promise.resolve(ok(undefined));
  }

  /** A process from what stands in the env file now. */
  run(startedAtMs: number): void {
    this.#nextPid += 1;
    const pid = this.#nextPid;
    const { argv } = this;
    const file = environmentOf(this.#host.textOf(this.#path) ?? '');
    const environment = { PATH: '/usr/bin', ...this.environment, ...file };
    this.#host.processes.set(pid, { pid, argv, environment, startedAtMs, ...SERVICE_USER });
    this.pid = pid;
  }
}

export class FakeLog implements LogSource {
  readonly lines: string[] = [];

  end(): Answer<LogCursor> {
    return Promise.resolve(ok({ line: this.lines.length }));
  }

  since(cursor: LogCursor): Answer<LogLines> {
    const lines = this.lines.slice(Number(cursor.line));
    return Promise.resolve(ok({ lines, cursor: { line: this.lines.length }, hasMore: false }));
  }
}

type FakeContent =
  | { readonly kind: 'leaf'; readonly leaf: Leaf }
  | { readonly kind: 'key'; readonly keyId: string }
  | { readonly kind: 'pool'; readonly authorities: readonly Certificate[] };

/** The text of a certificate file that only `fakePki` can read. */
export function fakePem(content: FakeContent): string {
  return `fake ${JSON.stringify(content)}\n`;
}

function contentOf(text: string): FakeContent | undefined {
  return text.startsWith('fake ')
    ? (JSON.parse(text.slice('fake '.length)) as FakeContent)
    : undefined;
}

/**
 * Reads `fakePem` texts; a leaf is trusted by those of its `trustedBy` that were seen. Issues the
 * like.
 */
export function fakePki(clock: Clock): Pki {
  const authoritiesOf = (text: string): readonly Certificate[] => {
    const content = contentOf(text);
    return content?.kind === 'pool' ? content.authorities : [];
  };
  const trustedBy: Pki['trustedBy'] = (leafText, authorityTexts) => {
    const content = contentOf(leafText);
    const seen = authorityTexts.flatMap(authoritiesOf).map(({ fingerprint }) => fingerprint);
    if (content?.kind !== 'leaf') return [];
    return content.leaf.trustedBy.filter((authority) => seen.includes(authority));
  };
  return {
    trustedBy,
    readCertificates: (text) => {
      const content = contentOf(text);
      if (content?.kind === 'leaf') return ok([content.leaf]);
      return content?.kind === 'pool' ? ok(content.authorities) : err('no PEM certificate in it');
    },
    readKeyId: (text) => {
      const content = contentOf(text);
      return content?.kind === 'key' ? ok(content.keyId) : err('no private key in it');
    },
    readLeaf: (text, authorityTexts) => {
      const content = contentOf(text);
      if (content?.kind !== 'leaf') return err('no PEM certificate in it');
      return ok({ ...content.leaf, trustedBy: trustedBy(text, authorityTexts) });
    },
    makeAuthority: (commonName, _algorithm, days) => {
      const subject = { commonName, dnsNames: [], ipAddresses: [] };
      const certificate = { ...fakeCertificate(clock, subject, days), isCa: true };
      return Promise.resolve(
        ok({
          certificatePem: fakePem({ kind: 'pool', authorities: [certificate] }),
          keyPem: fakePem({ kind: 'key', keyId: certificate.keyId }),
        }),
      );
    },
    issueLeaf: (authority, request) => {
      const certificate = fakeCertificate(clock, request, request.days);
      const issuers = authoritiesOf(authority.certificatePem).map(({ fingerprint }) => fingerprint);
      const leaf = { ...certificate, trustedBy: issuers };
      const issued: IssuedLeaf = {
        certificatePem: fakePem({ kind: 'leaf', leaf }),
        keyPem: fakePem({ kind: 'key', keyId: certificate.keyId }),
        certificate,
      };
      return Promise.resolve(ok(issued));
    },
    reissueLeaf: (authority, request, leafText) => {
      const present = contentOf(leafText);
      if (present?.kind !== 'leaf') throw new Error('no leaf to sign again');
      const { keyId } = present.leaf;
      const certificate = { ...fakeCertificate(clock, request, request.days), keyId };
      const issuers = authoritiesOf(authority.certificatePem).map(({ fingerprint }) => fingerprint);
      const leaf = { ...certificate, trustedBy: issuers };
      return ok({ certificatePem: fakePem({ kind: 'leaf', leaf }), certificate });
    },
  };
}

function fakeCertificate(
  clock: Clock,
  {
    commonName,
    dnsNames,
    ipAddresses,
  }: Pick<LeafRequest, 'commonName' | 'dnsNames' | 'ipAddresses'>,
  days: number,
): Certificate {
  const notBeforeMs = clock.nowMs() - 60_000;
  const id = sha256(
    `${commonName} ${dnsNames.join()} ${ipAddresses.join()} ${String(notBeforeMs)}`,
  );
  return {
    fingerprint: id,
    subject: `CN=${commonName}`,
    issuer: 'CN=a fake CA',
    commonName,
    notBeforeMs,
    notAfterMs: notBeforeMs + days * 86_400_000,
    dnsNames,
    ipAddresses,
    isCa: false,
    serverAuth: true,
    clientAuth: true,
    keyId: `key-${id}`,
    keyKind: 'ECDSA P-256',
  };
}
