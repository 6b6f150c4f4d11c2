import { type AddressInfo, createServer, type Socket } from 'node:net';
import type { BodySource } from '../../../body.ts';
import type { ClientSink, Reply } from '../../../reply.ts';
import { type Closing, until } from '../../../testing/harness.ts';

/** A TCP server that sends what a test scripts. */
export interface ScriptedServer {
  port: number;
  /** Every connection so far, with the bytes received on it (latin1). */
  seen: { socket: Socket; received: string; closed: boolean }[];
  /** Called with each connection's number and the bytes received since the last reply. The result is sent. */
  reply: (received: string, connection: number) => string | null;
}

export async function scriptedServer(closing: Closing, reply: ScriptedServer['reply']): Promise<ScriptedServer> {
  const server = createServer((socket) => {
    const number = scripted.seen.length;
    const connection = { socket, received: '', closed: false };
    scripted.seen.push(connection);
    let unreplied = '';
    socket.setEncoding('latin1');
    socket.on('error', () => {});
    socket.on('close', () => {
      connection.closed = true;
    });
    socket.on('data', (text: string) => {
      connection.received += text;
      unreplied += text;
      const said = scripted.reply(unreplied, number);
      if (said === null) return;
      unreplied = '';
      socket.write(said, 'latin1');
    });
  });
  const scripted: ScriptedServer = { port: 0, seen: [], reply };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  scripted.port = (server.address() as AddressInfo).port;
  closing.add(() => {
    server.close();
    for (const { socket } of scripted.seen) socket.destroy();
  });
  return scripted;
}

/** Replies to every whole head with `raw`. */
export const always =
  (raw: string): ScriptedServer['reply'] =>
  (received) =>
    received.includes('\r\n\r\n') ? raw : null;

/** The whole content of a reply, as latin1. @throws MeshError where it breaks off */
export function contentOf(reply: Reply): Promise<string> {
  return new Promise((resolve, reject) => {
    let content = '';
    const sink: ClientSink = {
      write(bytes) {
        content += Buffer.from(bytes).toString('latin1');
        return true;
      },
      onWritable() {},
      end(last) {
        if (last !== null) this.write(last);
        resolve(content);
      },
      fail: reject,
    };
    reply.body.pipeTo(sink);
  });
}

/** A body that the test feeds. */
export function handBody(length: number | null) {
  const given = { canceled: false, started: false, paused: false };
  let sink: Parameters<BodySource['start']>[0] | null = null;
  const source: BodySource = {
    length,
    start(to) {
      given.started = true;
      sink = to;
    },
    pause() {
      given.paused = true;
    },
    resume() {
      given.paused = false;
    },
    cancel() {
      given.canceled = true;
    },
  };
  return {
    source,
    given,
    chunk: (text: string) => sink?.chunk(Buffer.from(text)),
    end: () => sink?.end(),
    fail: (error: Parameters<NonNullable<typeof sink>['fail']>[0]) => sink?.fail(error),
  };
}

export const untilClosed = (server: ScriptedServer, connection: number) =>
  until(() => server.seen[connection]?.closed === true, `connection ${connection} is closed`);
