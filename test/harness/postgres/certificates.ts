import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly certificate: string;
}

/** A certificate authority of a test's own. */
export class Authority {
  private readonly folder = mkdtempSync(join(tmpdir(), 'cairn-ca-'));
  /** In PEM. */
  readonly certificate: string;

  constructor(name: string) {
    this.openssl('req', '-x509', ...KEY, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', `/CN=${name}`);
    this.certificate = this.read('ca.pem');
  }

  /** The file of its certificate. */
  get path(): string {
    return join(this.folder, 'ca.pem');
  }

  /** @param names such as `DNS:localhost` or `IP:127.0.0.1` */
  issue(names: string, days = 1): Certificate {
    this.openssl('req', ...KEY, '-keyout', 'server.key', '-out', 'server.csr', '-subj', '/CN=server');
    writeFileSync(join(this.folder, 'extensions'), `subjectAltName=${names}\n`);
    const signer = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', 'extensions'];
    this.openssl('x509', '-req', '-in', 'server.csr', ...signer, '-days', String(days), '-out', 'server.pem');
    return { key: this.read('server.key'), certificate: this.read('server.pem') };
  }

  close(): void {
    rmSync(this.folder, { recursive: true });
  }

  private openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.folder, stdio: 'ignore' });
  }

  private read(name: string): string {
    return readFileSync(join(this.folder, name), 'utf8');
  }
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
