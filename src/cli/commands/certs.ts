/** certs issue, csr, import: keys and certificates made here, from flags or from cfssl's own JSON. */

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import { makeCertificateTools } from '../../adapters/pki/tools.ts';
import { type Result, err, ok } from '../../base/result.ts';
import { systemErrorText } from '../../base/system-error.ts';
import {
  cfsslAuthority,
  cfsslLeaf,
  profileWithoutConfig,
  readCfsslProfile,
  readCfsslRequest,
} from '../../declare/cfssl.ts';
import { PROFILE_USES, isProfile, wishOfFlags } from '../../declare/certificate-flags.ts';
import type { CertificateWish } from '../../model/certificate-wish.ts';
import type { Failure } from '../../model/failure.ts';
import type { CertificateTools } from '../../ports.ts';
import { madeText } from '../../show/certificates.ts';
import type { GlobalFlags } from '../flags.ts';
import { type NewFile, takenPath, writeNewFiles } from '../new-files.ts';
import { Output } from '../output.ts';
import { refuse } from '../session.ts';

export interface IssueFlags extends GlobalFlags {
  readonly ca?: true | undefined;
  readonly csr?: string | undefined;
  readonly config?: string | undefined;
  readonly profile?: string | undefined;
  readonly caCert?: string | undefined;
  readonly caKey?: string | undefined;
  readonly hostname?: string | undefined;
  readonly name?: string | undefined;
  readonly algorithm?: string | undefined;
  readonly days?: number | undefined;
  readonly pathLength?: number | undefined;
  readonly permit?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
  readonly pkcs12PasswordEnv?: string | undefined;
  readonly renew?: true | undefined;
  readonly out: string;
}

export interface ImportFlags extends GlobalFlags {
  readonly key: string;
  readonly caCert?: string | undefined;
  readonly renew?: true | undefined;
  readonly out: string;
}

const DAY_MS = 86_400_000;

export function tools(): CertificateTools {
  return makeCertificateTools(Date.now, (count) => randomBytes(count));
}

export function outputOf(flags: GlobalFlags): Output {
  return new Output({ json: flags.json === true, color: flags.color !== false });
}

/** A CA (`--ca`) or a leaf below one: `<out>.pem`, `<out>-key.pem`, `<out>.csr`. */
export async function issue(flags: IssueFlags): Promise<number> {
  const output = outputOf(flags);
  const wish = await wishOf(flags);
  if (!wish.ok) return refuse(output, [wish.error]);
  const password = passwordOf(flags);
  if (!password.ok) return refuse(output, [password.error]);
  const authority = await authorityOf(flags);
  if (!authority.ok) return refuse(output, [authority.error]);
  const paths = [`${flags.out}-key.pem`, `${flags.out}.csr`, `${flags.out}.pem`];
  const inTheWay = await takenPath(paths, flags.renew === true);
  if (inTheWay !== undefined) return refuse(output, [inTheWay]);
  const made = await tools().makeCertificate(wish.value, authority.value);
  if (!made.ok) return refuse(output, [made.error]);
  const { keyPem, requestPem, certificatePem, certificate, issuerEndsMs } = made.value;
  const files: NewFile[] = [
    { path: `${flags.out}-key.pem`, bytes: keyPem, isPrivate: true },
    { path: `${flags.out}.csr`, bytes: requestPem, isPrivate: false },
    { path: `${flags.out}.pem`, bytes: certificatePem, isPrivate: false },
  ];
  if (password.value !== undefined) {
    const bundle = tools().makePkcs12({ certificatePem, keyPem }, password.value);
    if (!bundle.ok) return refuse(output, [invalid('--pkcs12-password-env', bundle.error)]);
    files.push({ path: `${flags.out}.p12`, bytes: bundle.value, isPrivate: true });
  }
  const written = await writeNewFiles(files, flags.renew === true, stamp());
  if (!written.ok) return refuse(output, [written.error]);
  const data = { files: files.map(({ path }) => path), certificate, issuerEndsMs };
  output.result(madeText(data, output.paint), { type: 'report', report: data });
  output.outcome(0, 'ISSUED', undefined);
  return 0;
}

/** A key and a request for an outside CA: `<out>-key.pem`, `<out>.csr`. */
export async function csr(flags: IssueFlags): Promise<number> {
  const output = outputOf(flags);
  const wish = await wishOf(flags);
  if (!wish.ok) return refuse(output, [wish.error]);
  const made = await tools().makeRequest(wish.value);
  if (!made.ok) return refuse(output, [made.error]);
  const files: readonly NewFile[] = [
    { path: `${flags.out}-key.pem`, bytes: made.value.keyPem, isPrivate: true },
    { path: `${flags.out}.csr`, bytes: made.value.requestPem, isPrivate: false },
  ];
  const inTheWay = await takenPath(
    files.map(({ path }) => path),
    flags.renew === true,
  );
  if (inTheWay !== undefined) return refuse(output, [inTheWay]);
  const written = await writeNewFiles(files, flags.renew === true, stamp());
  if (!written.ok) return refuse(output, [written.error]);
  const data = { files: files.map(({ path }) => path) };
  const text = `wrote ${data.files.join(', ')}; give the .csr to your CA, then peershift certs import`;
  output.result(text, { type: 'report', report: data });
  output.outcome(0, 'REQUESTED', undefined);
  return 0;
}

/** What a CA sent back, with the key that waited for it: `<out>.pem`, the leaf and its chain. */
export async function importReturned(
  returned: readonly string[],
  flags: ImportFlags,
): Promise<number> {
  const output = outputOf(flags);
  const key = await readBytes(flags.key);
  if (!key.ok) return refuse(output, [key.error]);
  const files = await readAll(returned);
  if (!files.ok) return refuse(output, [files.error]);
  const authorities = await readAll(flags.caCert === undefined ? [] : [flags.caCert]);
  if (!authorities.ok) return refuse(output, [authorities.error]);
  const text = Buffer.from(key.value).toString('latin1');
  const imported = tools().importChain({
    key: { file: flags.key, text },
    returned: files.value,
    authorities: authorities.value,
  });
  if (!imported.ok) return refuse(output, [unusable(imported.error)]);
  const path = `${flags.out}.pem`;
  const { certificatePem, chain, isVerified } = imported.value;
  const file = { path, bytes: certificatePem, isPrivate: false };
  const written = await writeNewFiles([file], flags.renew === true, stamp());
  if (!written.ok) return refuse(output, [written.error]);
  const verified = isVerified
    ? ''
    : '; not verified: name the CA that members trust with --ca-cert';
  const names = chain.map(({ subject }) => subject).join(' < ');
  output.result(`wrote ${path}: ${names}${verified}`, { type: 'report', report: { path, chain } });
  output.outcome(0, 'IMPORTED', undefined);
  return 0;
}

async function wishOf(flags: IssueFlags): Promise<Result<CertificateWish, Failure>> {
  const hosts = flags.hostname === undefined ? [] : flags.hostname.split(',');
  if (flags.csr !== undefined) return cfsslWish(flags, flags.csr, hosts);
  if (flags.config !== undefined) return err(invalid('--config', 'it needs --csr as well'));
  if (flags.name === undefined)
    return err(invalid('this command', 'neither --csr nor --name says whose it is'));
  const wish = wishOfFlags({
    name: flags.name,
    hosts,
    profile: flags.profile,
    algorithm: flags.algorithm,
    days: flags.days,
    isAuthority: flags.ca === true,
    pathLength: flags.pathLength,
    permit: flags.permit ?? [],
    exclude: flags.exclude ?? [],
  });
  return wish.ok ? wish : err(invalid('this command', wish.error));
}

async function cfsslWish(
  flags: IssueFlags,
  csrFile: string,
  hosts: readonly string[],
): Promise<Result<CertificateWish, Failure>> {
  const json = await readText(csrFile);
  if (!json.ok) return json;
  const request = readCfsslRequest(json.value);
  if (!request.ok) return err(invalid(csrFile, request.error));
  const days = flags.days === undefined ? {} : { lastsMs: flags.days * DAY_MS };
  const profile = flags.ca === true ? undefined : await profileOf(flags);
  if (profile !== undefined && !profile.ok) return profile;
  const wish =
    profile === undefined
      ? cfsslAuthority(request.value)
      : cfsslLeaf(request.value, profile.value, hosts);
  return wish.ok ? ok({ ...wish.value, ...days }) : err(invalid(csrFile, wish.error));
}

type ProfileResult = Result<Parameters<typeof cfsslLeaf>[1], Failure>;

async function profileOf({ config, profile, days }: IssueFlags): Promise<ProfileResult> {
  if (config === undefined) {
    const name = profile ?? 'peer';
    if (!isProfile(name)) {
      return err(
        invalid('--profile', `${name} is none of ${Object.keys(PROFILE_USES).join(', ')}`),
      );
    }
    return ok(
      profileWithoutConfig(PROFILE_USES[name], days === undefined ? undefined : days * DAY_MS),
    );
  }
  const json = await readText(config);
  if (!json.ok) return json;
  const read = readCfsslProfile(json.value, profile);
  return read.ok ? read : err(invalid(config, read.error));
}

type Authority = Result<{ certificatePem: string; keyPem: string } | undefined, Failure>;

async function authorityOf({ ca, caCert, caKey }: IssueFlags): Promise<Authority> {
  if (caCert === undefined && caKey === undefined && ca === true) return ok(undefined);
  if (caCert === undefined || caKey === undefined) {
    return err(
      invalid('this command', 'it needs both --ca-cert and --ca-key of the CA that issues'),
    );
  }
  const certificatePem = await readText(caCert);
  if (!certificatePem.ok) return certificatePem;
  const keyPem = await readText(caKey);
  return keyPem.ok ? ok({ certificatePem: certificatePem.value, keyPem: keyPem.value }) : keyPem;
}

/** Only its variable is named: a password in the words of a command is seen by every user. */
function passwordOf({ pkcs12PasswordEnv: name }: IssueFlags): Result<string | undefined, Failure> {
  if (name === undefined) return ok(undefined);
  const password = process.env[name];
  if (password !== undefined && password !== '') return ok(password);
  return err(invalid('--pkcs12-password-env', `the environment variable ${name} is not set`));
}

async function readAll(
  paths: readonly string[],
): Promise<Result<readonly { file: string; bytes: Uint8Array }[], Failure>> {
  const found: { file: string; bytes: Uint8Array }[] = [];
  for (const file of paths) {
    const bytes = await readBytes(file);
    if (!bytes.ok) return bytes;
    found.push({ file, bytes: bytes.value });
  }
  return ok(found);
}

export async function readBytes(path: string): Promise<Result<Uint8Array, Failure>> {
  try {
    return ok(await readFile(path));
  } catch (error) {
    return err(invalid(path, systemErrorText(error)));
  }
}

async function readText(path: string): Promise<Result<string, Failure>> {
  const bytes = await readBytes(path);
  return bytes.ok ? ok(Buffer.from(bytes.value).toString('utf8')) : bytes;
}

/** `20261122-054119`: names the files that had to give way. */
function stamp(): string {
  return new Date().toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
}

function invalid(where: string, but: string): Failure {
  return {
    code: 'ARGUMENTS_INVALID',
    where,
    would: 'make or read certificates',
    but,
    so: 'nothing was made and nothing was changed',
    remedy: 'correct what is named above; peershift certs --help has the words',
  };
}

function unusable(but: string): Failure {
  return {
    code: 'CERTIFICATE_UNUSABLE',
    where: 'what the CA sent back',
    would: 'put it beside its key',
    but,
    so: 'nothing was written',
    remedy: 'ask the CA for the certificate of this request, with its chain',
  };
}
