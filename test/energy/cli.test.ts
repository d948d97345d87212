// The program m95-energy as a user starts it: what it prints, the picture, exit codes.

import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import test from "ava";
import { energyFacts } from "../../virtual-m95/energy/facts.js";

const cli = fileURLToPath(new URL("../../energy/cli.js", import.meta.url));

interface Run {
  code: number;
  stdout: string;
  stderr: string;
}

function run(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [cli, ...args], { timeout: 30_000 }, (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

test("the three ways, their lives, the break-even, and beside each figure what it rests on", async (t) => {
  const { code, stdout } = await run("--every", "15m", "--payload", "64", "--keepalive", "20m", "--battery", "19000");
  t.is(code, 0);
  t.regex(stdout, /^One message of 64 bytes \(topic 20\) at QoS 1 every 15 min, keepalive 20 min\.$/m);
  t.regex(stdout, /^stay asleep +2\d\.\d +0\.[23]\d+ +\d+ % +1\d months$/m);
  t.regex(stdout, /^stay connected +31\d +3\.\d+ +\d+ % +4\d days$/m);
  t.regex(stdout, /^switch off +[45]\d\.\d +0\.\d+ +\d+ % +\d+ months$/m);
  t.regex(stdout, /^Break-even with stay asleep: \d+ min \d+ s; with rarer messages switch off\./m);
  t.regex(stdout, /^ +21\.\d {2}asleep .+0\.900 mA \(A\)$/m);
  t.regex(stdout, /awake around messages .+13\.0 mA \(A\) {2}time \(D\): wakeTime, sleepAfter, settleTime$/m);
  for (const [name, { value, unit, confidence }] of Object.entries(energyFacts)) {
    t.true(new RegExp(`^  ${value} ${unit} \\(${confidence}\\) +${name} `, "m").test(stdout), name);
  }
});

test("a figure of one's own is named as such", async (t) => {
  const { stdout } = await run("--set", "sleepDrx5=1.5", "--set", "idle=12.4");
  t.regex(stdout, /1\.50 mA \(yours\)/);
  t.regex(stdout, /^ {2}12\.4 mA \(yours\) +idle .+; --set$/m);
});

test("a cycle that does not fit between two messages is said to be impossible", async (t) => {
  const { code, stdout } = await run("--every", "1m", "--registration", "60s");
  t.is(code, 0);
  t.regex(stdout, /^switch off +not possible: a cycle takes longer than 1 min$/m);
});

test("without keepalive no PINGREQ is spoken of; with a long interval they are counted", async (t) => {
  t.false((await run("--keepalive", "0s")).stdout.includes("PINGREQ between"));
  t.true((await run("--every", "1h")).stdout.includes("PINGREQ between two messages: 2."));
});

test("--plot writes a picture with three curves and the break-even", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "m95-energy-"));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "life.svg");
  const { code, stdout } = await run("--plot", file);
  t.is(code, 0);
  t.true(stdout.endsWith(`The picture: ${file}\n`));
  const svg = await readFile(file, "utf8");
  t.is(svg.match(/<polyline /g)?.length, 3);
  t.false(/NaN|Infinity|undefined/.test(svg));
  for (const words of ["stay asleep", "stay connected", "switch off", "break-even: ", "every 15 min", "1 week"]) {
    t.true(svg.includes(`>${words}`), words);
  }
  const failed = await run("--plot", join(folder, "nowhere", "life.svg"));
  t.is(failed.code, 1);
  t.regex(failed.stderr, /^m95-energy: ENOENT/);
});

test("--json is for other programs", async (t) => {
  const { stdout } = await run("--json", "--every", "1h");
  const { rows, breakEven, use } = JSON.parse(stdout);
  t.is(use.every, 3_600_000);
  t.deepEqual(
    rows.map(({ way }: { way: string }) => way),
    ["asleep", "connected", "off"],
  );
  for (const { mAhPerDay, parts } of rows) {
    const sum = parts.reduce((all: number, { mAh }: { mAh: number }) => all + mAh, 0);
    t.true(Math.abs(sum - mAhPerDay) < 1e-9);
  }
  t.true(breakEven.asleep > breakEven.connected);
});

test("--help, --version, and wrong usage is 2", async (t) => {
  const help = await run("--help");
  t.is(help.code, 0);
  for (const words of ["--every", "--battery", "--plot", "Examples:", "Exit codes: 0", "sleepDrx5"]) {
    t.true(help.stdout.includes(words), words);
  }
  t.regex((await run("--version")).stdout, /^\d+\.\d+\.\d+\n$/);
  for (const args of [
    ["--nosuch"],
    ["--every", "15"],
    ["--every", "10s"],
    ["--every", "8d"],
    ["--payload", "1549"],
    ["--payload", "1.5"],
    ["--qos", "3"],
    ["--keepalive", "2h"],
    ["--drx", "6"],
    ["--battery", "0"],
    ["--set", "nosuch=1"],
    ["--set", "idle=0"],
    ["--set", "idle"],
    ["extra"],
  ]) {
    const { code, stderr } = await run(...args);
    t.is(code, 2, args.join(" "));
    t.true(stderr.includes("See m95-energy --help"), args.join(" "));
  }
});
