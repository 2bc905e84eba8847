import { assertEquals } from "@std/assert";
import { inspect } from "@scope/handoff";
import { askKernel, flockOwner } from "../../lock/proc_locks.ts";
import { Child } from "../support/child.ts";
import { claim } from "../support/claim.ts";
import { dataInMemory } from "../support/temp_data_dir.ts";
import { FakeProc } from "../support/fake_proc.ts";
import { ForeignHolder } from "../support/foreign_holder.ts";

/** As proc_locks(5) has it. */
const LOCKS = `\
1: FLOCK  ADVISORY  WRITE 4242 fe:00:1234 0 EOF
1: -> FLOCK  ADVISORY  WRITE 4243 fe:00:1234 0 EOF
1: -> FLOCK  ADVISORY  READ 4244 fe:00:1234 0 EOF
2: FLOCK  ADVISORY  READ 4245 fe:00:2000 0 EOF
2: -> FLOCK  ADVISORY  WRITE 4246 fe:00:2000 0 EOF
3: POSIX  ADVISORY  WRITE 4247 fe:00:3000 0 EOF
4: OFDLCK ADVISORY  WRITE -1 fe:00:3001 0 EOF
5: LEASE  ACTIVE    WRITE 4248 fe:00:3002 0 EOF
6: FLOCK  ADVISORY  READ 4249 fe:00:5000 0 EOF
7: FLOCK  ADVISORY  WRITE 4250 103:12c:18446744073709551615 0 EOF
10: FLOCK  ADVISORY  WRITE 4251 fe:00:12345 0 EOF
`;

const WRITERS: Readonly<Record<string, [file: string, pid: number | undefined]>> = {
  "who has the exclusive flock, and not one who waits for it": ["fe:00:1234", 4242],
  "nobody where readers hold the flock, though a writer waits": ["fe:00:2000", undefined],
  "no holder where a process has a POSIX lock": ["fe:00:3000", undefined],
  "no holder where a process has an open file description lock": ["fe:00:3001", undefined],
  "no holder where a process has a lease": ["fe:00:3002", undefined],
  "nobody where readers share the flock": ["fe:00:5000", undefined],
  "nobody of a file of the same number on another device": ["fd:00:1234", undefined],
  "nobody of a file that is not in the list": ["fe:00:123", undefined],
  "who has a file whose number starts like another's": ["fe:00:12345", 4251],
  "who has a file with the greatest number there is": ["103:12c:18446744073709551615", 4250],
};

for (const [whom, [file, pid]] of Object.entries(WRITERS)) {
  claim(`the kernel's list names ${whom}`, () => {
    assertEquals(flockOwner(LOCKS, file, "WRITE"), pid);
  });
}

claim("the kernel's list is empty, and names nobody", () => {
  assertEquals(flockOwner("", "fe:00:1234", "WRITE"), undefined);
});

const INITIAL = { "/proc/self/ns/pid": "pid:[4026531836]" };
const NESTED = { "/proc/self/ns/pid": "pid:[4026532500]" };
const MOUNTED = { "/proc/self/mountinfo": "26 1 254:0 / / rw,relatime shared:1 - ext4 /dev/root rw\n" };

/** A file of device 254:0, as stat(2) has it. */
const FILE = { dev: 0xfe00n, ino: 1234n };

claim("the kernel is believed that a file is locked, wherever its list is read", () => {
  using _proc = new FakeProc({ "/proc/locks": LOCKS, ...NESTED });
  assertEquals(askKernel(FILE), { held: true, pid: 4242 });
}, { needs: ["linux"] });

for (const pid of [0, -1]) {
  claim(`a holder that the kernel names ${pid}, since it is in another pid namespace, has no pid`, () => {
    using _proc = new FakeProc({ "/proc/locks": `1: FLOCK  ADVISORY  WRITE ${pid} fe:00:1234 0 EOF\n` });
    assertEquals(askKernel(FILE), { held: true });
  }, { needs: ["linux"] });
}

claim("the kernel is believed that a file is free, where its list has all processes and the file's device", () => {
  using _proc = new FakeProc({ "/proc/locks": "", ...INITIAL, ...MOUNTED });
  assertEquals(askKernel(FILE), { held: false });
}, { needs: ["linux"] });

claim("the kernel is not believed that a file is free where its list has not all processes", () => {
  using _proc = new FakeProc({ "/proc/locks": "", ...NESTED, ...MOUNTED });
  assertEquals(askKernel(FILE), undefined);
});

claim("the kernel is not believed that a file is free whose device it knows by another number", () => {
  using _proc = new FakeProc({ "/proc/locks": "", ...INITIAL, ...MOUNTED });
  assertEquals(askKernel({ ...FILE, dev: 0x2an }), undefined);
});

claim("the kernel is not certain that a file is free by a list that it gave in two parts", () => {
  const parts = ["1: FLOCK  ADVISORY  WRITE 1 fe:00:1 0 EOF\n", "2: FLOCK  ADVISORY  WRITE 2 fe:00:2 0 EOF\n"];
  using _proc = new FakeProc({ "/proc/locks": parts, ...INITIAL, ...MOUNTED });
  assertEquals(askKernel(FILE), { held: false, uncertain: true });
}, { needs: ["linux"] });

claim("the kernel is believed that a file is locked by a list that it gave in two parts", () => {
  const parts = ["1: FLOCK  ADVISORY  WRITE 1 fe:00:1 0 EOF\n2: FLOCK  ADV", "ISORY  WRITE 4242 fe:00:1234 0 EOF\n"];
  using _proc = new FakeProc({ "/proc/locks": parts, ...INITIAL, ...MOUNTED });
  assertEquals(askKernel(FILE), { held: true, pid: 4242 });
}, { needs: ["linux"] });

claim("inspect() finds by a probe a lock that is missing from a list in two parts", async () => {
  using dir = dataInMemory();
  using _holder = new ForeignHolder(dir.join("data"));
  const { dev } = Deno.statSync(dir.join("data"));
  const mountinfo = `26 1 0:${dev} / ${dir.path} rw - tmpfs tmpfs rw\n`;
  using _proc = new FakeProc({ "/proc/locks": LOCKS.split(/^(?=4:)/m), ...INITIAL, "/proc/self/mountinfo": mountinfo });
  const { held, source } = await inspect(dir.join("data"));
  assertEquals({ held, source }, { held: true, source: "probe" });
});

claim("where there is no list the kernel is not asked", () => {
  using _proc = new FakeProc({ ...INITIAL, ...MOUNTED });
  assertEquals(askKernel(FILE), undefined);
});

claim("large device numbers are told as the kernel writes them", () => {
  // makedev(3) of 259 and 300: the halves of both numbers lie apart.
  const dev = 0x0000_0000_0011_032cn;
  using _proc = new FakeProc({ "/proc/locks": "7: FLOCK  ADVISORY  WRITE 4250 103:12c:77 0 EOF\n" });
  assertEquals(askKernel({ dev, ino: 77n }), { held: true, pid: 4250 });
}, { needs: ["linux"] });

claim("large device numbers are found among the mounts", () => {
  const mountinfo = "26 1 259:300 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p300 rw\n";
  using _proc = new FakeProc({ "/proc/locks": "", ...INITIAL, "/proc/self/mountinfo": mountinfo });
  assertEquals(askKernel({ dev: 0x11032cn, ino: 77n }), { held: false });
}, { needs: ["linux"] });

claim("in a pid namespace of its own, inspect() finds by a probe what the kernel hides there", async () => {
  using dir = dataInMemory();
  await using inspector = new Child("inspector.ts", { args: [dir.join("data")], prefix: NEW_PID_NAMESPACE });
  using foreign = new DisposableStack();
  foreign.use(new ForeignHolder(dir.join("data")));
  const { held, source } = await inspector.ask("inspect");
  assertEquals({ held, source }, { held: true, source: "probe" });
  foreign.dispose();
  assertEquals((await inspector.ask("inspect")).held, false);
}, { needs: ["mount"] });

claim(
  "inspect() names a holder in another pid namespace by its pid here, beside the one that it knows itself by",
  async () => {
    using dir = dataInMemory();
    await using program = new Child("holder.ts", { args: [dir.join("data")], prefix: NEW_PID_NAMESPACE });
    const { pid } = await program.ask("acquire");
    const { held, source, holder, kernelPid } = await inspect(dir.join("data"));
    assertEquals({ held, source, pid: holder.pid }, { held: true, source: "kernel", pid });
    const [, pids] = /^NSpid:\t(.*)$/m.exec(Deno.readTextFileSync(`/proc/${kernelPid}/status`)) ?? [];
    assertEquals(pids, `${kernelPid}\t${pid}`);
  },
  { needs: ["mount", "initial pid namespace"] },
);

const NEW_PID_NAMESPACE = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
