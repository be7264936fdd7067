/** Turns a client URL and the TLS files for it into something that can be dialled, or into the reason why not. */

import { X509Certificate, createPrivateKey } from 'node:crypto';
import { parsePeerUrl, urlParts } from '../../model/url.ts';

export interface TlsFiles {
  /** PEM, one or more certificates. */
  readonly ca: Buffer;
  /** PEM; the leaf first. Needed where the members demand client certificates. */
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

export interface Endpoint {
  /** As people know it, without a login that somebody may have written into it. */
  readonly shown: string;
  readonly isTls: boolean;
  readonly host: string;
  readonly port: number;
  /** Why nothing can be sent there; undefined when it can. */
  readonly problem: string | undefined;
}

/**
 * The rules of etcd's own URLs, and the scheme must say what the TLS files say: etcd3 would speak TLS to
 * an http URL when it has certificates, and a password must not travel in the clear by a typing error.
 */
export function parseClientUrl(text: string, hasTlsFiles: boolean): Endpoint {
  const shown = text.replace(/\/\/[^/@]*@/, '//***@');
  const url = parsePeerUrl(text);
  if (!url.ok) {
    const reason = shown === text ? url.error : 'a login inside the URL is not possible';
    return { shown, isTls: false, host: '', port: 0, problem: reason };
  }
  const { scheme, host, port } = urlParts(url.value);
  const isTls = scheme === 'https';
  return { shown, isTls, host, port, problem: disagreement(isTls, hasTlsFiles) };
}

function disagreement(isTls: boolean, hasTlsFiles: boolean): string | undefined {
  if (isTls === hasTlsFiles) return undefined;
  return isTls
    ? 'the URL says https, and no CA for client URLs is given (cluster.tls)'
    : 'the URL says http, and TLS files for client URLs are given (cluster.tls)';
}

/** Host and port as a dial target: brackets around an IPv6 address. */
export function dialTarget(endpoint: Endpoint): string {
  const host = endpoint.host.includes(':') ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${String(endpoint.port)}`;
}

/**
 * What is wrong with the TLS files in themselves, in words; undefined when nothing is. Without this a key
 * that does not fit, or a CA file with no certificate in it, only shows as a failed handshake.
 */
export function tlsProblem(tls: TlsFiles): string | undefined {
  if (!tls.ca.includes('-----BEGIN CERTIFICATE-----'))
    return 'the CA file has no PEM certificate in it';
  if (readCertificate(tls.ca) === undefined)
    return 'the first certificate of the CA file cannot be read';
  if (tls.cert === undefined && tls.key === undefined) return undefined;
  if (tls.cert === undefined) return 'a client key is given without its certificate';
  if (tls.key === undefined) return 'a client certificate is given without its key';
  const leaf = readCertificate(tls.cert);
  if (leaf === undefined) return 'the client certificate file cannot be read';
  return keyProblem(leaf, tls.key);
}

function keyProblem(leaf: X509Certificate, key: Buffer): string | undefined {
  try {
    const fits = leaf.checkPrivateKey(createPrivateKey(key));
    return fits ? undefined : 'the client key does not belong to the client certificate';
  } catch {
    const isEncrypted = key.includes('ENCRYPTED');
    return isEncrypted ? 'the client key is encrypted' : 'the client key file cannot be read';
  }
}

function readCertificate(pem: Buffer): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}
