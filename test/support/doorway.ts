/** Turns a member's client URL into another one that a test can shut and open again. */

import { once } from 'node:events';
import { type AddressInfo, type Server, type Socket, connect, createServer } from 'node:net';

export class Doorway {
  #server: Server | undefined;
  #port = 0;
  #target: URL | undefined;
  readonly #sockets = new Set<Socket>();

  get url(): string {
    return `http://127.0.0.1:${String(this.#port)}`;
  }

  /** Where it leads. */
  leadTo(url: string): void {
    this.#target = new URL(url);
  }

  /** Listens, on the same port each time. */
  async open(): Promise<void> {
    const server = createServer((socket) => {
      this.#pass(socket);
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Nobody gets through, and who was inside is thrown out. */
  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #pass(socket: Socket): void {
    if (this.#target === undefined) {
      socket.destroy();
      return;
    }
    const onward = connect({ host: this.#target.hostname, port: Number(this.#target.port) });
    for (const each of [socket, onward]) {
      this.#sockets.add(each);
      // The end of one is the end of the other; why does not matter here.
      each.on('error', () => undefined);
      each.on('close', () => {
        this.#sockets.delete(each);
        socket.destroy();
        onward.destroy();
      });
    }
    socket.pipe(onward).pipe(socket);
  }
}
