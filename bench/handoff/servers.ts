import { fromFileUrl } from "@std/path";
import { answering, type Peer, type PeerOptions, PeerProcess, type RunningPeer, versionOf } from "./peer.ts";

const PROGRAMS = fromFileUrl(new URL("./programs/", import.meta.url));
const PM2 = "pm2@6.0.8";

/** `nginx -s reload`: new workers beside the old ones, which finish. */
export const nginx: Peer = {
  name: "nginx reload",
  async start({ port, dir }) {
    const version = await versionOf("nginx", "-v");
    if (version === undefined) return "nginx is not installed";
    await Deno.writeTextFile(
      `${dir}/nginx.conf`,
      `daemon off;
pid ${dir}/nginx.pid;
error_log /dev/null;
worker_processes 1;
events { worker_connections 2048; }
http {
  access_log off;
  keepalive_requests 1000000;
  server { listen 127.0.0.1:${port} backlog=4096; location / { return 200 "ok"; } }
}
`,
    );
    const process = new PeerProcess("nginx", ["-p", dir, "-c", `${dir}/nginx.conf`]);
    await answering(port);
    return running(process, version, () => signal(process, "SIGHUP"));
  },
};

/** HAProxy as master and worker, reloaded with SIGUSR2: the new worker takes the listening socket over. */
export const haproxy: Peer = {
  name: "HAProxy reload",
  async start({ port, dir }) {
    const version = await versionOf("haproxy", "-v");
    if (version === undefined) return "haproxy is not installed";
    await Deno.writeTextFile(
      `${dir}/haproxy.cfg`,
      `global
  stats socket ${dir}/haproxy.sock mode 600 level admin expose-fd listeners
defaults
  mode http
  timeout client 60s
  timeout http-keep-alive 60s
  timeout connect 5s
  timeout server 60s
frontend http
  bind 127.0.0.1:${port} backlog 4096
  http-request return status 200 content-type text/plain string ok
`,
    );
    const args = ["-W", "-f", `${dir}/haproxy.cfg`, "-x", `${dir}/haproxy.sock`, "-p", `${dir}/haproxy.pid`];
    const process = new PeerProcess("haproxy", args);
    await answering(port);
    return running(process, version, () => signal(process, "SIGUSR2"));
  },
};

/** gunicorn with threads, reloaded with SIGHUP. */
export const gunicorn: Peer = {
  name: "gunicorn HUP",
  async start({ port, dir }) {
    const version = await versionOf("gunicorn", "--version");
    if (version === undefined) return "gunicorn is not installed";
    const process = new PeerProcess(
      "gunicorn",
      ["-w", "1", "-k", "gthread", "--threads", "64", "--keep-alive", "60", "-b", `127.0.0.1:${port}`, "hello:app"],
      { cwd: PROGRAMS, env: { TMPDIR: dir, PYTHONDONTWRITEBYTECODE: "1" } },
    );
    await answering(port);
    return running(process, version, () => signal(process, "SIGHUP"));
  },
};

/** `pm2 reload` of a Node server in cluster mode that closes its server on SIGINT, as the manual shows. */
export const pm2: Peer = {
  name: "pm2 reload",
  async start({ port, dir }) {
    const env = { PM2_HOME: dir, PORT: String(port) };
    const run = async (...args: string[]) => {
      const command = new Deno.Command("npx", { args: ["-y", PM2, ...args], env, stdin: "null" });
      const { success, stderr } = await command.output();
      if (!success) throw new Error(`pm2 ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
    };
    const node = await versionOf("node", "--version");
    if (node === undefined || await versionOf("npx", "--version") === undefined) return "node or npx is not installed";
    try {
      await run("start", `${PROGRAMS}hello.cjs`, "-i", "1", "--name", "hello");
    } catch (error) {
      return `${PM2} could not be started: ${(error as Error).message}`;
    }
    await answering(port);
    return {
      version: `${PM2}, node ${node}`,
      swap: () => run("reload", "hello"),
      [Symbol.asyncDispose]: () => run("kill"),
    };
  },
};

/** The daemon is stopped, and started when it has ended. */
export const stopAndStart: Peer = {
  name: "stop and start",
  async start(options) {
    let process = await deno("hello.ts", options);
    return {
      version: `Deno.serve, Deno ${Deno.version.deno}`,
      async swap() {
        await process[Symbol.asyncDispose]();
        process = await deno("hello.ts", options);
      },
      [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
    };
  },
};

/** Both listen with `SO_REUSEPORT` for a while; then the old one is stopped. In Deno it is an unstable option. */
export const reusePort: Peer = {
  name: "SO_REUSEPORT overlap",
  async start(options) {
    const start = () => deno("hello.ts", options, ["--reuse-port"]);
    let process = await start();
    return {
      version: `Deno.serve, Deno ${Deno.version.deno}`,
      async swap() {
        const old = process;
        process = await start();
        await old[Symbol.asyncDispose]();
      },
      [Symbol.asyncDispose]: () => process[Symbol.asyncDispose](),
    };
  },
};

/** A program of ours that says on its standard output when it listens. */
async function deno(program: string, { port }: PeerOptions, args: readonly string[] = []): Promise<PeerProcess> {
  const process = new PeerProcess(
    Deno.execPath(),
    ["run", "--quiet", "--unstable-net", "-A", PROGRAMS + program, String(port), ...args],
    {
      stdout: "piped",
    },
  );
  await process.firstOutput();
  return process;
}

function running(process: PeerProcess, version: string, swap: () => Promise<void>): RunningPeer {
  return { version, swap, [Symbol.asyncDispose]: () => process[Symbol.asyncDispose]() };
}

// deno-lint-ignore require-await -- a swap is a promise for those that have a command to wait for
async function signal(process: PeerProcess, name: Deno.Signal): Promise<void> {
  process.kill(name);
}
